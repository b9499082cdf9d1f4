#include "app/shipped.h"

namespace retaind::app {
namespace {

constexpr ShippedFile all_files[] = {
#include "shipped.inc"
};

}  // namespace

std::span<const ShippedFile> shipped_files() { return all_files; }

}  // namespace retaind::app
