#include <string>

#include <gtest/gtest.h>

#include <hocket/text/encoding.hpp>

namespace {

using hocket::encoding;
using hocket::encoding_for_label;
using hocket::name_of;

TEST(encoding, has_labels_in_any_case_and_with_blanks_around) {
  EXPECT_EQ(encoding_for_label("utf8"), encoding::utf_8);
  EXPECT_EQ(encoding_for_label(" \tISO-8859-1\n"), encoding::windows_1252);
  EXPECT_EQ(encoding_for_label("x-sjis"), encoding::shift_jis);
  EXPECT_EQ(encoding_for_label("GB2312"), encoding::gbk);
  EXPECT_EQ(encoding_for_label("unicode"), encoding::utf_16le);
  EXPECT_EQ(encoding_for_label("hz-gb-2312"), encoding::replacement);
  EXPECT_EQ(encoding_for_label("cseucpkdfmtjapanese"), encoding::euc_jp);
}

TEST(encoding, has_no_other_labels) {
  for (const char* label : {"", " ", "utf", "utf-8x", "utf-7", "utf-32", "latin 1", "windows-125", "\xc2\xa0utf-8"})
    EXPECT_EQ(encoding_for_label(label), std::nullopt) << label;
  EXPECT_EQ(encoding_for_label(std::string(10000, 'u')), std::nullopt);
}

TEST(encoding, is_called_by_one_of_its_labels) {
  for (int each = 0; each <= static_cast<int>(encoding::x_user_defined); ++each) {
    const auto which = static_cast<encoding>(each);
    EXPECT_EQ(encoding_for_label(name_of(which)), which) << name_of(which);
  }
  EXPECT_EQ(name_of(encoding::shift_jis), "Shift_JIS");
  EXPECT_EQ(name_of(encoding::iso_8859_8_i), "ISO-8859-8-I");
}

TEST(encoding, is_written_as_utf_8_where_it_is_read_only) {
  EXPECT_EQ(output_encoding(encoding::utf_16le), encoding::utf_8);
  EXPECT_EQ(output_encoding(encoding::koi8_r), encoding::koi8_r);
}

}  // namespace
