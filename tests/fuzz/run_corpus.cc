// Runs every file below the given directories through the fuzz entry point, so that each crash once
// found stays found where libFuzzer is not at hand. Of found.base64 each line is an input: what
// fuzzers have found is hundreds of them, and nothing that anybody reads.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::uint8_t> decoded(std::string_view line) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::vector<std::uint8_t> bytes;
  std::uint32_t bits = 0;
  int many = 0;
  for (const char c : line) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if ((many += 6) < 8) continue;
    many -= 8;
    bytes.push_back(static_cast<std::uint8_t>(bits >> many & 0xff));
  }
  return bytes;
}

int run_lines(std::ifstream& in) {
  int inputs = 0;
  for (std::string line; std::getline(in, line); ++inputs) {
    const std::vector<std::uint8_t> bytes = decoded(line);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  return inputs;
}

}  // namespace

int main(int argc, char** argv) {
  int inputs = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      if (entry.path().filename() == "found.base64") {
        inputs += run_lines(in);
        continue;
      }
      const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
      ++inputs;
    }
  }
  std::printf("%d inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
