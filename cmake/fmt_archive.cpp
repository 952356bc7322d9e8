// The library fmt 9, for programs that are linked statically: Debian has it as a shared library only. As its own format.cc.

#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE
namespace detail {
template FMT_API locale_ref::locale_ref(const std::locale& locale);
template FMT_API auto locale_ref::get<std::locale>() const -> std::locale;
template auto dragonbox::to_decimal(float value) noexcept -> dragonbox::decimal_fp<float>;
template auto dragonbox::to_decimal(double value) noexcept -> dragonbox::decimal_fp<double>;
template auto thousands_sep_impl(locale_ref where) -> thousands_sep_result<char>;
template auto decimal_point_impl(locale_ref where) -> char;
}  // namespace detail
FMT_END_NAMESPACE
