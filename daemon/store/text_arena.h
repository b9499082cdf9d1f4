#pragma once
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace retaind::store {

/// Keeps copies of texts together until clear(), which keeps the memory for the next batch.
class TextArena {
 public:
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    if (text.size() > left_) grow(text.size());
    char* const start = next_;
    std::memcpy(start, text.data(), text.size());
    next_ += text.size();
    left_ -= text.size();
    return {start, text.size()};
  }
  void clear() {
    if (blocks_.size() > 1) blocks_.clear();
    next_ = blocks_.empty() ? nullptr : blocks_.front().get();
    left_ = blocks_.empty() ? 0 : block_size;
  }

 private:
  static constexpr std::size_t block_size = 1 << 18;
  void grow(std::size_t wanted) {
    const std::size_t size = wanted > block_size ? wanted : block_size;
    // A text of its own block must not become the block that clear() keeps.
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    if (size > block_size && blocks_.size() == 1) {
      blocks_.insert(blocks_.begin(), std::make_unique_for_overwrite<char[]>(block_size));
    }
    next_ = blocks_.back().get();
    left_ = size;
  }
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace retaind::store
