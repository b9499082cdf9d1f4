#include "app/shipped.h"

namespace retaind::app {
namespace {

constexpr ShippedFile files[] = {
#include "shipped.inc"
};

}  // namespace

std::span<const ShippedFile> shipped_files() { return files; }

}  // namespace retaind::app
