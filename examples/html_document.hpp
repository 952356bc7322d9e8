#pragma once

// A page as libxml2 reads it, asked by XPath.

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/xpath.h>

/// Frees what libxml2 has made.
template <auto Free>
struct freed_by {
  void operator()(auto* made) const noexcept { Free(made); }
};

/// An expression that was looked at once, as a program's arguments are. Throws std::invalid_argument if it is none.
class xpath {
 public:
  explicit xpath(const std::string& text) {
    xmlSetGenericErrorFunc(nullptr, print_nothing);
    compiled_.reset(xmlXPathCompile(reinterpret_cast<const xmlChar*>(text.c_str())));
    if (!compiled_) throw std::invalid_argument(fmt::format("'{}' is no XPath", text));
  }

  [[nodiscard]] xmlXPathCompExpr* get() const noexcept { return compiled_.get(); }

 private:
  static void print_nothing(void*, const char*, ...) {}

  std::unique_ptr<xmlXPathCompExpr, freed_by<xmlXPathFreeCompExpr>> compiled_;
};

/// A check for options: the complaint, empty if there is none.
inline std::string is_xpath(const std::string& text) {
  try {
    xpath given(text);
    return {};
  } catch (const std::invalid_argument& complaint) {
    return complaint.what();
  }
}

class html_document {
 public:
  /// Whatever the page is, some tree is made of it: an empty one if there is no other. Nothing that it names is fetched.
  explicit html_document(std::string_view page, const char* encoding = "utf-8")
      : tree_(htmlReadMemory(page.data(), static_cast<int>(page.size()), nullptr, encoding,
                             HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET)) {
    if (!tree_) tree_.reset(htmlNewDoc(nullptr, nullptr));
    context_.reset(xmlXPathNewContext(tree_.get()));
    if (!context_) throw std::bad_alloc();
  }

  /// The nodes for which `what` stands, seen from one of them or from the whole, in the order of the page.
  [[nodiscard]] std::vector<xmlNode*> nodes(const xpath& what, xmlNode* from = nullptr) {
    std::vector<xmlNode*> found;
    const auto value = evaluate(what, from);
    if (value && value->type == XPATH_NODESET && value->nodesetval != nullptr)
      found.assign(value->nodesetval->nodeTab, value->nodesetval->nodeTab + value->nodesetval->nodeNr);
    return found;
  }

  /// What `what` stands for as text: of several nodes the first, with blanks, ends of lines and other control characters as one blank,
  /// so that it may be shown on a terminal.
  [[nodiscard]] std::string text(const xpath& what, xmlNode* from = nullptr) {
    const auto value = evaluate(what, from);
    if (!value) return {};
    const std::unique_ptr<xmlChar, freed_by<release>> text(xmlXPathCastToString(value.get()));
    return on_one_line(reinterpret_cast<const char*>(text.get()));
  }

 private:
  static void release(xmlChar* made) noexcept { xmlFree(made); }

  std::unique_ptr<xmlXPathObject, freed_by<xmlXPathFreeObject>> evaluate(const xpath& what, xmlNode* from) {
    context_->node = from != nullptr ? from : reinterpret_cast<xmlNode*>(tree_.get());
    return std::unique_ptr<xmlXPathObject, freed_by<xmlXPathFreeObject>>(
        xmlXPathCompiledEval(what.get(), context_.get()));
  }

  static std::string on_one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
      const bool is_blank = (c >= 0 && c <= ' ') || c == 0x7f;
      if (!is_blank)
        line += c;
      else if (!line.empty() && line.back() != ' ')
        line += ' ';
    }
    if (line.ends_with(' ')) line.pop_back();
    return line;
  }

  std::unique_ptr<xmlDoc, freed_by<xmlFreeDoc>> tree_;
  std::unique_ptr<xmlXPathContext, freed_by<xmlXPathFreeContext>> context_;
};
