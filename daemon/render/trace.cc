#include "render/trace.h"

#include <algorithm>

namespace retaind::render {
namespace {

bool is_before(std::size_t out, const Trace::Piece& piece) { return out < piece.out; }

}  // namespace

Spot Trace::find(std::size_t out) const {
  const auto next = std::upper_bound(pieces_.begin(), pieces_.end(), out, is_before);
  if (next == pieces_.begin()) return {};
  const Piece& piece = *(next - 1);
  const std::size_t into = out - piece.out;
  // Behind a literal stands what a tag prints that is no output: a cycle, a counter.
  return {piece.source->path, piece.source->text, piece.at + std::min(into, piece.length),
          into < piece.length};
}

void Trace::put_inside(const Trace& inner, std::size_t at, std::size_t size) {
  std::erase_if(pieces_,
                [&](const Piece& piece) { return piece.out >= at && piece.out < at + size; });
  const auto place = std::upper_bound(pieces_.begin(), pieces_.end(), at, is_before);
  std::vector<Piece> moved = inner.pieces_;
  for (Piece& piece : moved) piece.out += at;
  pieces_.insert(place, moved.begin(), moved.end());
}

void Trace::shift(std::size_t at, std::size_t size) {
  const auto behind =
      std::lower_bound(pieces_.begin(), pieces_.end(), at,
                       [](const Piece& piece, std::size_t wanted) { return piece.out < wanted; });
  for (auto piece = behind; piece != pieces_.end(); ++piece) piece->out += size;
  if (behind == pieces_.begin()) return;
  // Text that goes on behind what was put in.
  Piece& around = *(behind - 1);
  const std::size_t before = at - around.out;
  if (around.length <= before) return;
  const Piece rest{at + size, around.source, around.at + before, around.length - before};
  around.length = before;
  pieces_.insert(behind, rest);
}

}  // namespace retaind::render
