// The tables of the Encoding Standard, made from ICU's converters.
//
// ICU knows nearly the same characters, but not the standard's ways with errors, so each sequence of bytes is asked of ICU
// once and the standard's decoders run on the table. Where the two differ the standard's characters stand below: vendors'
// private use is dropped, gaps of HKSCS are filled, and the characters of GB 18030-2022 replace those that were private.
// A test compares each table with the standard's by its hash.

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include <unicode/ucnv.h>

#include <hocket/base/error.hpp>
#include <hocket/text/detail/character_index.hpp>

namespace hocket::detail {
namespace {

struct change {
  std::uint32_t pointer;
  char32_t character;
};

/// One of ICU's converters, for one character at a time.
class converter {
 public:
  explicit converter(const char* name) {
    UErrorCode status = U_ZERO_ERROR;
    opened_ = ucnv_open(name, &status);
    if (U_FAILURE(status)) throw error("this ICU has no converter '" + std::string(name) + "'");
    ucnv_setToUCallBack(opened_, UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
  }
  ~converter() { ucnv_close(opened_); }
  converter(const converter&) = delete;

  /// The one character that the bytes stand for, or none.
  char32_t operator()(std::string_view bytes) {
    ucnv_reset(opened_);
    UErrorCode status = U_ZERO_ERROR;
    const char* at = bytes.data();
    const char* const end = at + bytes.size();
    const UChar32 character = ucnv_getNextUChar(opened_, &at, end, &status);
    return U_SUCCESS(status) && at == end ? static_cast<char32_t>(character) : character_index::none;
  }

 private:
  UConverter* opened_ = nullptr;
};

bool is_private(char32_t character) { return character >= 0xe000 && character <= 0xf8ff; }

/// `bytes_of` makes the bytes of a pointer.
template <class BytesOf>
std::vector<char32_t> characters_of(const char* converter_name, std::size_t size, BytesOf bytes_of) {
  converter convert(converter_name);
  std::vector<char32_t> characters(size);
  for (std::size_t pointer = 0; pointer < size; ++pointer) {
    const auto bytes = bytes_of(pointer);
    characters[pointer] = convert({bytes.data(), bytes.size()});
  }
  return characters;
}

void drop_private(std::vector<char32_t>& characters) {
  std::ranges::replace_if(characters, is_private, character_index::none);
}

void apply_changes(std::span<const change> changes, std::vector<char32_t>& characters) {
  for (const auto& each : changes) characters[each.pointer] = each.character;
}

template <class... Values>
std::array<char, sizeof...(Values)> bytes(Values... values) {
  return {static_cast<char>(values)...};
}

using pairs = std::vector<std::pair<char32_t, std::uint32_t>>;

pairs pairs_of(const character_index& characters, std::size_t first = 0) {
  pairs found;
  found.reserve(characters.size());
  for (std::size_t pointer = first; pointer < characters.size(); ++pointer) {
    if (characters[pointer] != character_index::none)
      found.emplace_back(characters[pointer], static_cast<std::uint32_t>(pointer));
  }
  return found;
}

// --- Single bytes

struct single_byte_source {
  const char* converter_name;
  std::span<const change> changes{};
};

constexpr change koi8_u_changes[] = {{0x2e, 0x045e}, {0x3e, 0x040e}};
constexpr change windows_874_changes[] = {
    {0x5b, character_index::none}, {0x5c, character_index::none}, {0x5d, character_index::none},
    {0x5e, character_index::none}, {0x7c, character_index::none}, {0x7d, character_index::none},
    {0x7e, character_index::none}, {0x7f, character_index::none},
};
constexpr change windows_1253_changes[] = {{0x2a, character_index::none}};
constexpr change windows_1255_changes[] = {{0x4a, 0x05ba}};
// ICU does not have it; this is in what it differs from ISO-8859-1.
constexpr change iso_8859_16_changes[] = {
    {0x21, 0x0104}, {0x22, 0x0105}, {0x23, 0x0141}, {0x24, 0x20ac}, {0x25, 0x201e}, {0x26, 0x0160}, {0x28, 0x0161},
    {0x2a, 0x0218}, {0x2c, 0x0179}, {0x2e, 0x017a}, {0x2f, 0x017b}, {0x32, 0x010c}, {0x33, 0x0142}, {0x34, 0x017d},
    {0x35, 0x201d}, {0x38, 0x017e}, {0x39, 0x010d}, {0x3a, 0x0219}, {0x3c, 0x0152}, {0x3d, 0x0153}, {0x3e, 0x0178},
    {0x3f, 0x017c}, {0x43, 0x0102}, {0x45, 0x0106}, {0x50, 0x0110}, {0x51, 0x0143}, {0x55, 0x0150}, {0x57, 0x015a},
    {0x58, 0x0170}, {0x5d, 0x0118}, {0x5e, 0x021a}, {0x63, 0x0103}, {0x65, 0x0107}, {0x70, 0x0111}, {0x71, 0x0144},
    {0x75, 0x0151}, {0x77, 0x015b}, {0x78, 0x0171}, {0x7d, 0x0119}, {0x7e, 0x021b},
};

single_byte_source source_of(encoding which) {
  switch (which) {
    case encoding::ibm866:
      return {"ibm-866_P100-1995"};
    case encoding::iso_8859_2:
      return {"ISO-8859-2"};
    case encoding::iso_8859_3:
      return {"ISO-8859-3"};
    case encoding::iso_8859_4:
      return {"ISO-8859-4"};
    case encoding::iso_8859_5:
      return {"ISO-8859-5"};
    case encoding::iso_8859_6:
      return {"ISO-8859-6"};
    case encoding::iso_8859_7:
      return {"ISO-8859-7"};
    case encoding::iso_8859_8:
    case encoding::iso_8859_8_i:
      return {"ISO-8859-8"};
    case encoding::iso_8859_10:
      return {"iso-8859_10-1998"};
    case encoding::iso_8859_13:
      return {"ISO-8859-13"};
    case encoding::iso_8859_14:
      return {"iso-8859_14-1998"};
    case encoding::iso_8859_15:
      return {"ISO-8859-15"};
    case encoding::iso_8859_16:
      return {"ISO-8859-1", iso_8859_16_changes};
    case encoding::koi8_r:
      return {"KOI8-R"};
    case encoding::koi8_u:
      return {"KOI8-U", koi8_u_changes};
    case encoding::macintosh:
      return {"macos-0_2-10.2"};
    case encoding::windows_874:
      return {"windows-874-2000", windows_874_changes};
    case encoding::windows_1250:
      return {"ibm-5346_P100-1998"};
    case encoding::windows_1251:
      return {"ibm-5347_P100-1998"};
    case encoding::windows_1253:
      return {"ibm-5349_P100-1998", windows_1253_changes};
    case encoding::windows_1254:
      return {"ibm-5350_P100-1998"};
    case encoding::windows_1255:
      return {"ibm-9447_P100-2002", windows_1255_changes};
    case encoding::windows_1256:
      return {"ibm-9448_X100-2005"};
    case encoding::windows_1257:
      return {"ibm-9449_P100-2002"};
    case encoding::windows_1258:
      return {"ibm-5354_P100-1998"};
    case encoding::x_mac_cyrillic:
      return {"macos-7_3-10.2"};
    default:
      return {"ibm-5348_P100-1997"};  // windows-1252
  }
}

/// Of all encodings that a source can be named for; the others stay empty.
constexpr std::size_t encodings = static_cast<std::size_t>(encoding::x_user_defined) + 1;

/// A table a single-byte encoding, made when it is asked for.
template <class Index>
class tables {
 public:
  template <class Make>
  const Index& get(encoding which, Make make) {
    const std::lock_guard hold(mutex_);
    auto& table = tables_[static_cast<std::size_t>(which)];
    if (!table) table = std::make_unique<Index>(make());
    return *table;
  }

 private:
  std::mutex mutex_;
  std::array<std::unique_ptr<Index>, encodings> tables_;
};

// --- Several bytes

constexpr change big5_changes[] = {
    // HKSCS-2008 as the standard has it, where ICU has private use or nothing
    {1008, 0x9F97},  {1016, 0x9F96},  {1099, 0x31C0},  {1100, 0x31C1},  {1101, 0x31C2},  {1102, 0x31C3},
    {1103, 0x31C4},  {1105, 0x31C5},  {1108, 0x31C6},  {1109, 0x31C7},  {1112, 0x31C8},  {1114, 0x31C9},
    {1115, 0x31CA},  {1116, 0x31CB},  {1117, 0x31CC},  {1119, 0x31CD},  {1120, 0x31CE},  {1170, 0x23DA},
    {1171, 0x23DB},  {1730, 0x9FA6},  {1772, 0x9FA7},  {1779, 0x9FA8},  {1812, 0x9FA9},  {1814, 0x9FAA},
    {1816, 0x9FAB},  {1821, 0x9FAC},  {1844, 0x9FAD},  {1845, 0x9FAE},  {1847, 0x9FAF},  {1866, 0x9FB2},
    {1892, 0x9FB3},  {2082, 0x7BB8},  {2088, 0x7C06},  {2103, 0x7CCE},  {2114, 0x7DD2},  {2123, 0x7E1D},
    {2148, 0x8005},  {2151, 0x8028},  {2221, 0x83C1},  {2239, 0x84A8},  {2244, 0x840F},  {2303, 0x89A6},
    {2304, 0x89A9},  {2354, 0x8D77},  {2400, 0x90FD},  {2413, 0x92B9},  {2477, 0x975C},  {2498, 0x97FF},
    {2605, 0x9F16},  {2673, 0x8503},  {2746, 0x5159},  {2747, 0x515B},  {2748, 0x515D},  {2749, 0x515E},
    {2771, 0x936E},  {2780, 0x7479},  {2990, 0x6D67},  {3087, 0x799B},  {3259, 0x9097},  {3301, 0x975D},
    {3436, 0x701E},  {3451, 0x5B28},  {4136, 0x7201},  {4138, 0x77D7},  {4141, 0x7E87},  {4182, 0x99D6},
    {4206, 0x91D4},  {4220, 0x60DE},  {4230, 0x6FB6},  {4241, 0x8F36},  {4258, 0x4FBB},  {4273, 0x71DF},
    {4279, 0x9104},  {4282, 0x9DF0},  {4294, 0x83CF},  {4329, 0x5C10},  {4330, 0x79E3},  {4349, 0x5A67},
    {4419, 0x8F0B},  {4422, 0x7B51},  {4494, 0x62D0},  {4624, 0x6062},  {4694, 0x75F9},  {4708, 0x6C4A},
    {4742, 0x9B2E},  {4748, 0x9F17},  {4815, 0x50ED},  {4828, 0x5F0C},  {4902, 0x880F},  {4922, 0x62CE},
    {4982, 0x7468},  {4992, 0x7162},  {4997, 0x7250},  {5432, 0x2400},  {5433, 0x2401},  {5434, 0x2402},
    {5435, 0x2403},  {5436, 0x2404},  {5437, 0x2405},  {5438, 0x2406},  {5439, 0x2407},  {5440, 0x2408},
    {5441, 0x2409},  {5442, 0x240A},  {5443, 0x240B},  {5444, 0x240C},  {5445, 0x240D},  {5446, 0x240E},
    {5447, 0x240F},  {5448, 0x2410},  {5449, 0x2411},  {5450, 0x2412},  {5451, 0x2413},  {5452, 0x2414},
    {5453, 0x2415},  {5454, 0x2416},  {5455, 0x2417},  {5456, 0x2418},  {5457, 0x2419},  {5458, 0x241A},
    {5459, 0x241B},  {5460, 0x241C},  {5461, 0x241D},  {5462, 0x241E},  {5463, 0x241F},  {5464, 0x2421},
    {10942, 0x5EF4}, {10946, 0x65E0}, {10948, 0x7676}, {10950, 0x96B6}, {10957, 0x3003}, {10958, 0x4EDD},
    {11204, 0x31CF}, {11210, 0x9FB0}, {11212, 0x9FB1}, {19028, 0x5029}, {19035, 0x507D}, {19088, 0x5305},
    {19096, 0x5344}, {19112, 0x537F}, {19162, 0x5605}, {19240, 0x5A77}, {19299, 0x5E75}, {19305, 0x5ED0},
    {19326, 0x5F58}, {19355, 0x60A4}, {19398, 0x6490}, {19439, 0x6674}, {19454, 0x675E}, {19553, 0x6C9C},
    {19554, 0x6E1D}, {19557, 0x6E2F}, {19611, 0x716E}, {19643, 0x732A}, {19672, 0x745C}, {19697, 0x74E9},
    {19748, 0x7809},
};

constexpr std::uint32_t gbk_pointer(unsigned lead, unsigned trail) {
  return (lead - 0x81) * 190 + trail - (trail < 0x7f ? 0x40 : 0x41);
}

constexpr change gb18030_changes[] = {
    {gbk_pointer(0xa3, 0xa0), 0x3000},  // for the sake of pages that are there
    {gbk_pointer(0xa6, 0xd9), 0xfe10}, {gbk_pointer(0xa6, 0xda), 0xfe12}, {gbk_pointer(0xa6, 0xdb), 0xfe11},
    {gbk_pointer(0xa6, 0xdc), 0xfe13}, {gbk_pointer(0xa6, 0xdd), 0xfe14}, {gbk_pointer(0xa6, 0xde), 0xfe15},
    {gbk_pointer(0xa6, 0xdf), 0xfe16}, {gbk_pointer(0xa6, 0xec), 0xfe17}, {gbk_pointer(0xa6, 0xed), 0xfe18},
    {gbk_pointer(0xa6, 0xf3), 0xfe19}, {gbk_pointer(0xfe, 0x59), 0x9fb4}, {gbk_pointer(0xfe, 0x61), 0x9fb5},
    {gbk_pointer(0xfe, 0x66), 0x9fb6}, {gbk_pointer(0xfe, 0x67), 0x9fb7}, {gbk_pointer(0xfe, 0x6d), 0x9fb8},
    {gbk_pointer(0xfe, 0x7e), 0x9fb9}, {gbk_pointer(0xfe, 0x90), 0x9fba}, {gbk_pointer(0xfe, 0xa0), 0x9fbb},
};

std::vector<char32_t> gb18030_of_2005() {
  return characters_of("gb18030", 126 * 190, [](std::size_t pointer) {
    const auto trail = pointer % 190;
    return bytes(pointer / 190 + 0x81, trail + (trail < 0x3f ? 0x40 : 0x41));
  });
}

/// The last pointer of six characters that Big5 has twice counts, the first of all others.
constexpr std::u32string_view last_in_big5 = U"\u2550\u255E\u2561\u256A\u5341\u5345";
/// Before it stand the extensions of Hong Kong, which are read only.
constexpr std::size_t first_written_in_big5 = (0xa1 - 0x81) * 157;

/// What jis0208 has twice, and Shift_JIS writes the second time.
constexpr std::uint32_t first_unwritten_in_shift_jis = 8272;
constexpr std::uint32_t last_unwritten_in_shift_jis = 8835;

/// What ICU has behind the end of JIS X 0212.
constexpr std::size_t jis0212_end = 7708;

}  // namespace

pointer_index::pointer_index(std::vector<std::pair<char32_t, std::uint32_t>> pairs) : pairs_(std::move(pairs)) {
  const auto character = [](const auto& pair) { return pair.first; };
  std::ranges::stable_sort(pairs_, {}, character);
  const auto again = std::ranges::unique(pairs_, {}, character);
  pairs_.erase(again.begin(), again.end());
  pairs_.shrink_to_fit();
}

std::optional<std::uint32_t> pointer_index::find(char32_t character) const noexcept {
  const auto found = std::ranges::lower_bound(pairs_, character, {}, [](const auto& pair) { return pair.first; });
  if (found == pairs_.end() || found->first != character) return std::nullopt;
  return found->second;
}

const character_index& single_byte_characters(encoding which) {
  static tables<character_index> made;
  return made.get(which, [which] {
    const auto source = source_of(which);
    auto characters =
        characters_of(source.converter_name, 128, [](std::size_t pointer) { return bytes(pointer + 0x80); });
    apply_changes(source.changes, characters);
    return character_index(std::move(characters));
  });
}

const pointer_index& single_byte_pointers(encoding which) {
  static tables<pointer_index> made;
  return made.get(which, [which] { return pointer_index(pairs_of(single_byte_characters(which))); });
}

const character_index& big5_characters() {
  static const character_index made = [] {
    auto characters = characters_of("ibm-1375_P100-2008", 126 * 157, [](std::size_t pointer) {
      const auto trail = pointer % 157;
      return bytes(pointer / 157 + 0x81, trail + (trail < 0x3f ? 0x40 : 0x62));
    });
    drop_private(characters);
    apply_changes(big5_changes, characters);
    return character_index(std::move(characters));
  }();
  return made;
}

const pointer_index& big5_pointers() {
  static const pointer_index made = [] {
    auto found = pairs_of(big5_characters(), first_written_in_big5);
    std::ranges::sort(found, [](const auto& left, const auto& right) {
      const bool last_first = left.first == right.first && last_in_big5.contains(left.first);
      return last_first ? left.second > right.second : left < right;
    });
    return pointer_index(std::move(found));
  }();
  return made;
}

const character_index& euc_kr_characters() {
  static const character_index made = [] {
    auto characters = characters_of("windows-949-2000", 126 * 190, [](std::size_t pointer) {
      return bytes(pointer / 190 + 0x81, pointer % 190 + 0x41);
    });
    drop_private(characters);
    return character_index(std::move(characters));
  }();
  return made;
}

const pointer_index& euc_kr_pointers() {
  static const pointer_index made(pairs_of(euc_kr_characters()));
  return made;
}

const character_index& gb18030_characters() {
  static const character_index made = [] {
    auto characters = gb18030_of_2005();
    apply_changes(gb18030_changes, characters);
    return character_index(std::move(characters));
  }();
  return made;
}

const pointer_index& gb18030_pointers() {
  static const pointer_index made = [] {
    auto found = pairs_of(gb18030_characters());
    // What was private until 2022 is still written as it was, but for U+E5E5, for which nothing is left.
    const auto before = gb18030_of_2005();
    for (const auto& each : gb18030_changes) {
      if (each.character != U'\u3000') found.emplace_back(before[each.pointer], each.pointer);
    }
    return pointer_index(std::move(found));
  }();
  return made;
}

const character_index& gb18030_ranges() {
  static const character_index made(characters_of("gb18030", 39420, [](std::size_t pointer) {
    return bytes(pointer / 12600 + 0x81, pointer / 1260 % 10 + 0x30, pointer / 10 % 126 + 0x81, pointer % 10 + 0x30);
  }));
  return made;
}

const pointer_index& gb18030_range_pointers() {
  static const pointer_index made(pairs_of(gb18030_ranges()));
  return made;
}

const character_index& jis0208_characters() {
  static const character_index made = [] {
    auto characters = characters_of("ibm-943_P15A-2003", 60 * 188, [](std::size_t pointer) {
      const auto lead = pointer / 188;
      const auto trail = pointer % 188;
      return bytes(lead + (lead < 0x1f ? 0x81 : 0xc1), trail + (trail < 0x3f ? 0x40 : 0x41));
    });
    drop_private(characters);
    return character_index(std::move(characters));
  }();
  return made;
}

const pointer_index& jis0208_pointers() {
  static const pointer_index made(pairs_of(jis0208_characters()));
  return made;
}

const pointer_index& shift_jis_pointers() {
  static const pointer_index made = [] {
    auto found = pairs_of(jis0208_characters());
    std::erase_if(found, [](const auto& pair) {
      return pair.second >= first_unwritten_in_shift_jis && pair.second <= last_unwritten_in_shift_jis;
    });
    return pointer_index(std::move(found));
  }();
  return made;
}

const character_index& jis0212_characters() {
  static const character_index made(characters_of("euc-jp-2007", jis0212_end, [](std::size_t pointer) {
    return bytes(0x8f, pointer / 94 + 0xa1, pointer % 94 + 0xa1);
  }));
  return made;
}

}  // namespace hocket::detail
