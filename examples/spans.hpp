#pragma once

// Spans, as OpenTelemetry has them: what belongs to one piece of work, wherever it is done. Each is printed when it ends, a line of JSON in
// the field names of OTLP. Sources: W3C Trace Context; opentelemetry-proto, trace.proto and "JSON Protobuf Encoding".

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/json_string.hpp>
#include <hocket/hocket.hpp>

/// Which span of which trace: what is handed on to whoever works for it.
struct trace_context {
  std::string trace_id;  // 32 hexadecimal digits; empty: no trace
  std::string span_id;   // 16
  std::string flags = "01";

  /// As the field `traceparent` and the variable TRACEPARENT have it.
  [[nodiscard]] std::string traceparent() const { return fmt::format("00-{}-{}-{}", trace_id, span_id, flags); }

  /// Nothing if it is not well-formed: then a new trace begins.
  [[nodiscard]] static std::optional<trace_context> parse(std::string_view text) {
    const bool is_known = text.size() == 55 && text.starts_with("00-") && text[35] == '-' && text[52] == '-';
    if (!is_known) return std::nullopt;
    trace_context parsed{std::string(text.substr(3, 32)), std::string(text.substr(36, 16)),
                         std::string(text.substr(53, 2))};
    for (const std::string* part : {&parsed.trace_id, &parsed.span_id, &parsed.flags})
      if (part->find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
    const auto is_zero = [](const std::string& id) { return id.find_first_not_of('0') == std::string::npos; };
    if (is_zero(parsed.trace_id) || is_zero(parsed.span_id)) return std::nullopt;
    return parsed;
  }
};

/// The span under way. Tasks begin with that of their creator, functions on threads with that of who awaits them.
inline hocket::context_var<trace_context> current_trace("trace", {});

enum class span_kind : std::uint8_t { internal = 1, server, client };

/// A span from its making to its `end`.
class span_record {
 public:
  span_record(std::string name, span_kind kind, const trace_context& parent)
      : name_(std::move(name)), kind_(kind), parent_(parent.span_id), here_(parent) {
    if (here_.trace_id.empty()) here_.trace_id = fmt::format("{:016x}{:016x}", random(), random());
    here_.span_id = fmt::format("{:016x}", random());
  }

  [[nodiscard]] const trace_context& context() const noexcept { return here_; }
  void set(std::string key, std::string value) { attributes_[std::move(key)] = std::move(value); }

  void end() const {
    std::string line = fmt::format(R"({{"traceId":"{}","spanId":"{}",)", here_.trace_id, here_.span_id);
    if (!parent_.empty()) line += fmt::format(R"("parentSpanId":"{}",)", parent_);
    line += R"("name":)";
    hocket::append_json_string(line, name_);
    line += fmt::format(R"(,"kind":{},"startTimeUnixNano":"{}","endTimeUnixNano":"{}","attributes":[)",
                        static_cast<int>(kind_), began_, now());
    for (const char* separator = ""; const auto& [key, value] : attributes_) {
      line += std::exchange(separator, ",");
      line += R"({"key":)";
      hocket::append_json_string(line, key);
      line += R"(,"value":{"stringValue":)";
      hocket::append_json_string(line, value);
      line += "}}";
    }
    fmt::print("{}]}}\n", line);
  }

 private:
  static std::uint64_t random() {
    thread_local std::mt19937_64 numbers{std::random_device{}()};
    return std::max<std::uint64_t>(numbers(), 1);
  }
  static std::int64_t now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
  }

  std::string name_;
  span_kind kind_;
  std::string parent_;
  trace_context here_;
  std::int64_t began_ = now();
  std::map<std::string, std::string> attributes_;
};

/// A part of what a function or coroutine does: the current span as long as this exists.
class span {
 public:
  explicit span(std::string name, span_kind kind = span_kind::internal,
                const trace_context& parent = current_trace.get())
      : record_(std::move(name), kind, parent), before_(current_trace.get()) {
    current_trace.set(record_.context());
  }
  ~span() {
    current_trace.set(std::move(before_));
    record_.end();
  }
  span(const span&) = delete;

  void set(std::string key, std::string value) { record_.set(std::move(key), std::move(value)); }

 private:
  span_record record_;
  trace_context before_;
};

/// Makes a span of each task, from its making to its end, with the number of its steps.
class task_spans final : public hocket::instrument {
 public:
  task_spans() { hocket::loop::running().add_instrument(*this); }
  ~task_spans() { hocket::loop::running().remove_instrument(*this); }
  task_spans(const task_spans&) = delete;

  void task_created(hocket::task_base& task) override {
    const span_record record(std::string(task.name()), span_kind::internal, current_trace.get());
    task.context().run([&] { current_trace.set(record.context()); });
    open_.emplace(&task, open_span{record});
  }
  void before_task_step(hocket::task_base& task) override {
    if (const auto found = open_.find(&task); found != open_.end()) ++found->second.steps;
  }
  void task_ended(hocket::task_base& task) override {
    auto ended = open_.extract(&task);
    if (ended.empty()) return;
    ended.mapped().record.set("hocket.steps", std::to_string(ended.mapped().steps));
    ended.mapped().record.end();
  }

 private:
  struct open_span {
    span_record record;
    unsigned steps = 0;
  };
  std::unordered_map<const hocket::task_base*, open_span> open_;
};
