#pragma once
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "render/source.h"

namespace retaind::render {

/// A place in a template; the views belong to its set.
struct Spot {
  std::string_view path, text;  ///< of the file
  std::size_t at = 0;           ///< byte in the text
  bool literal = false;         ///< it stands there as such, and is no value
};

/// Where each byte of a rendered HTML comes from.
class Trace {
 public:
  struct Piece {
    std::size_t out = 0;  ///< its first byte in the HTML
    const Source* source = nullptr;
    std::size_t at = 0;      ///< in the source
    std::size_t length = 0;  ///< of literal text; a value has none
  };

  void add(const Piece& piece) { pieces_.push_back(piece); }
  /// Of a byte of the HTML; its path is empty when nothing is known.
  [[nodiscard]] Spot find(std::size_t out) const;
  /// `inner` became bytes [at, at + size) of this one's HTML.
  void put_inside(const Trace& inner, std::size_t at, std::size_t size);
  /// So many bytes more stand in front of byte `at`.
  void shift(std::size_t at, std::size_t size);
  void clear() { pieces_.clear(); }
  /// Why there is no HTML.
  void fail(const Fault& fault) { fault_ = fault; }
  [[nodiscard]] const std::optional<Fault>& fault() const { return fault_; }
  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }

 private:
  std::vector<Piece> pieces_;  // by `out`
  std::optional<Fault> fault_;
};

}  // namespace retaind::render
