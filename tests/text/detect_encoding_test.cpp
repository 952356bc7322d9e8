#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/text/detect_encoding.hpp>
#include <hocket/text/text_encoder.hpp>

namespace {

using hocket::declared_encoding;
using hocket::detect_encoding;
using hocket::detected_encoding;
using hocket::encoding;
using hocket::encoding_source;
using hocket::guess_encoding;

using namespace std::string_literals;

std::string encoded(std::string_view text, encoding which) {
  hocket::text_encoder encoder(which);
  std::string bytes;
  EXPECT_FALSE(encoder.encode(text, bytes));
  return bytes;
}

TEST(detect_encoding, goes_from_the_strongest_to_the_weakest) {
  const std::string declared = "<meta charset=koi8-r>\xc3\xa4";
  EXPECT_EQ(detect_encoding("\xef\xbb\xbf" + declared, "shift_jis"),
            (detected_encoding{encoding::utf_8, encoding_source::byte_order_mark}));
  EXPECT_EQ(detect_encoding(declared, "shift_jis"),
            (detected_encoding{encoding::shift_jis, encoding_source::transport}));
  EXPECT_EQ(detect_encoding(declared, "no such label"),
            (detected_encoding{encoding::koi8_r, encoding_source::declaration}));
  EXPECT_EQ(detect_encoding("\xc3\xa4", ""), (detected_encoding{encoding::utf_8, encoding_source::content}));
  EXPECT_EQ(detect_encoding("abc", ""), (detected_encoding{encoding::windows_1252, encoding_source::fallback}));
  EXPECT_EQ(detect_encoding("", "", encoding::utf_8), (detected_encoding{encoding::utf_8, encoding_source::fallback}));
}

TEST(detect_encoding, knows_each_byte_order_mark) {
  EXPECT_EQ(detect_encoding("\xff\xfe"
                            "a\0"s,
                            "")
                .value,
            encoding::utf_16le);
  EXPECT_EQ(detect_encoding("\xfe\xff\0a"s, "").value, encoding::utf_16be);
  EXPECT_EQ(hocket::encoding_of_byte_order_mark("\xef\xbb"), std::nullopt);
}

TEST(declared_encoding, is_not_utf_16_where_ascii_could_be_read) {
  EXPECT_EQ(declared_encoding("<meta charset=utf-16>"), encoding::utf_8);
  EXPECT_EQ(declared_encoding("<meta charset=x-user-defined>"), encoding::windows_1252);
  EXPECT_EQ(declared_encoding("<\0?\0x\0m\0"s), encoding::utf_16le);
  EXPECT_EQ(declared_encoding("\0<\0?\0x\0m"s), encoding::utf_16be);
}

TEST(declared_encoding, may_stand_in_a_content_type) {
  EXPECT_EQ(declared_encoding("<META content='text/html; charset=\"gb2312\"' http-equiv=Content-Type>"), encoding::gbk);
  EXPECT_EQ(declared_encoding("<meta content='text/html; charset=gb2312'>"), std::nullopt);
  EXPECT_EQ(declared_encoding("<meta http-equiv=content-type content='charset charset = big5;x'>"), encoding::big5);
}

TEST(declared_encoding, may_stand_in_an_xml_declaration_if_no_meta_has_one) {
  EXPECT_EQ(declared_encoding("<?xml version='1.0' encoding='koi8-r'?><p>"), encoding::koi8_r);
  EXPECT_EQ(declared_encoding("<?xml encoding=\"koi8-r\"?><meta charset=big5>"), encoding::big5);
  EXPECT_EQ(declared_encoding("<?xml encoding=koi8-r?>"), std::nullopt);
  EXPECT_EQ(declared_encoding(" <?xml encoding='koi8-r'?>"), std::nullopt);
}

TEST(declared_encoding, stands_in_no_comment_and_no_attribute) {
  EXPECT_EQ(declared_encoding("<!-- <meta charset=big5> --><meta charset=koi8-r>"), encoding::koi8_r);
  EXPECT_EQ(declared_encoding("<!--><meta charset=koi8-r>"), encoding::koi8_r);
  EXPECT_EQ(declared_encoding("<a title='<meta charset=big5>'><meta charset=koi8-r>"), encoding::koi8_r);
  EXPECT_EQ(declared_encoding("<p title='<meta charset=big5>"), std::nullopt);
  EXPECT_EQ(declared_encoding("<metacharset=big5>"), std::nullopt);
  EXPECT_EQ(declared_encoding("<meta charset='big5"), std::nullopt);
}

TEST(declared_encoding, stands_in_the_first_1024_bytes) {
  const std::string declaration = "<meta charset=koi8-r>";
  EXPECT_EQ(declared_encoding(std::string(1024 - declaration.size(), ' ') + declaration), encoding::koi8_r);
  EXPECT_EQ(declared_encoding(std::string(1024 - declaration.size() + 2, ' ') + declaration), std::nullopt);
}

TEST(declared_encoding, is_found_wherever_it_stands) {
  for (std::size_t place = 0; place < 70; ++place) {
    EXPECT_EQ(declared_encoding(std::string(place, ' ') + "<meta cHaRsEt=koi8-r>"), encoding::koi8_r) << place;
    EXPECT_EQ(declared_encoding(std::string(place, 'c') + "<meta charse=koi8-r>"), std::nullopt) << place;
  }
}

TEST(declared_encoding, reads_no_byte_beyond_its_text) {
  const std::string page =
      "<?xml encoding='x'?><!-- --><meta http-equiv=content-type content='text/html; charset=\"koi8-r\"'><a b=c>";
  for (std::size_t size = 0; size < page.size(); ++size) {
    const std::vector<char> memory(page.begin(), page.begin() + static_cast<std::ptrdiff_t>(size));
    static_cast<void>(declared_encoding({memory.data(), memory.size()}));
  }
}

TEST(guess_encoding, takes_utf_8_for_what_is_well_formed) {
  EXPECT_EQ(guess_encoding("a\xc3\xa4"), encoding::utf_8);
  EXPECT_EQ(guess_encoding("a\xc3\xa4\xe2\x82"), encoding::utf_8);  // cut
  EXPECT_EQ(guess_encoding("abc"), std::nullopt);
  EXPECT_EQ(guess_encoding(""), std::nullopt);
}

TEST(guess_encoding, knows_languages_by_their_letters) {
  EXPECT_EQ(guess_encoding(encoded("Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива "
                                   "по-своему. Все смешалось в доме Облонских.",
                                   encoding::windows_1251)),
            encoding::windows_1251);
  EXPECT_EQ(
      guess_encoding(encoded("国境の長いトンネルを抜けると雪国であった。夜の底が白くなった。信号所に汽車が止まった。",
                             encoding::shift_jis)),
      encoding::shift_jis);
  EXPECT_EQ(
      guess_encoding(encoded("모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.", encoding::euc_kr)),
      encoding::euc_kr);
}

// --- html5lib's cases: a page, and the encoding that a browser finds, windows-1252 where it finds none.

struct encoding_case {
  std::string page;
  std::string encoding;
};

std::vector<encoding_case> encoding_cases() {
  const char* folder = std::getenv("HOCKET_CONFORMANCE_DIR");
  const std::filesystem::path base = folder ? folder : HOCKET_SOURCE_DIR "/../shared/conformance";
  std::ifstream file(base / "html" / "encoding-tests1.dat", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  constexpr std::string_view page_mark = "#data\n";
  constexpr std::string_view encoding_mark = "\n#encoding\n";
  std::vector<encoding_case> cases;
  for (std::size_t at = text.find(page_mark); at != text.npos; at = text.find(page_mark, at)) {
    const auto page = at + page_mark.size();
    const auto page_end = text.find(encoding_mark, page);
    const auto name = page_end + encoding_mark.size();
    at = std::min(text.find('\n', name), text.size());
    cases.push_back({text.substr(page, page_end - page), text.substr(name, at - name)});
  }
  return cases;
}

TEST(declared_encoding, is_the_one_of_html5lib_s_cases) {
  const auto cases = encoding_cases();
  if (cases.empty()) GTEST_SKIP() << "skipped: no conformance data";
  int run = 0;
  for (const auto& each : cases) {
    if (each.page.size() > hocket::declaration_bytes) continue;  // a browser begins anew there
    const auto marked = hocket::encoding_of_byte_order_mark(each.page);
    const auto found = marked ? marked : declared_encoding(each.page);
    EXPECT_EQ(found.value_or(encoding::windows_1252), hocket::encoding_for_label(each.encoding)) << each.page;
    ++run;
  }
  EXPECT_GT(run, 50);
}

}  // namespace
