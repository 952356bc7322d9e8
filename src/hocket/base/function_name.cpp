#include <hocket/base/function_name.hpp>

namespace hocket::detail {
namespace {

// Where `name` has a closing bracket: the place of the one that opens it.
std::size_t opening_bracket(std::string_view name, std::size_t closing) noexcept {
  std::size_t depth = 0;
  for (std::size_t at = closing + 1; at-- > 0;) {
    if (name[at] == ')' || name[at] == '>' || name[at] == ']' || name[at] == '}') ++depth;
    if (name[at] == '(' || name[at] == '<' || name[at] == '[' || name[at] == '{') --depth;
    if (depth == 0) return at;
  }
  return 0;
}

void replace_all(std::string& in, std::string_view what, std::string_view by) {
  for (std::size_t at = in.find(what); at != std::string::npos; at = in.find(what, at + by.size()))
    in.replace(at, what.size(), by);
}

}  // namespace

// "coro<T> app::(anonymous namespace)::f(T) const [T = int]" is app::f. What compilers print differs in details.
std::string function_name(std::string_view pretty) {
  if (pretty.ends_with(']')) pretty = pretty.substr(0, pretty.rfind(" ["));
  while (!pretty.empty() && !pretty.ends_with(')')) pretty.remove_suffix(1);  // const, noexcept, -> type
  if (pretty.empty()) return {};
  pretty = pretty.substr(0, opening_bracket(pretty, pretty.size() - 1));
  std::string name(pretty);
  replace_all(name, "(anonymous namespace)::", "");
  replace_all(name, "(anonymous class)::operator()", "(lambda)");
  replace_all(name, "(lambda)::operator()", "(lambda)");
  std::size_t begin = name.size();
  while (begin > 0 && name[begin - 1] != ' ') {  // the return type stands before a blank
    --begin;
    if (name[begin] == '>' || name[begin] == ')') begin = opening_bracket(name, begin);
  }
  return name.substr(begin);
}

}  // namespace hocket::detail
