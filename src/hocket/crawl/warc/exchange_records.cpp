#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <hocket/crawl/warc/exchange_records.hpp>
#include <hocket/crawl/warc/warc_digest.hpp>
#include <hocket/crawl/warc/warc_record.hpp>

namespace hocket::crawl {
namespace {

constexpr int not_modified = 304;
constexpr const char* identical_profile = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
constexpr const char* not_modified_profile = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";

std::string digest_of(std::string_view text) {
  warc_digest digest;
  digest.feed(text);
  return digest.text();
}

std::string_view reason_of(http::exchange_end how) {
  switch (how) {
    case http::exchange_end::timed_out:
      return "time";
    case http::exchange_end::disconnected:
      return "disconnect";
    case http::exchange_end::left:
      return "length";
    case http::exchange_end::whole:
      break;
  }
  return "";
}

/// What all records of an exchange say.
warc_record begin(std::string_view type, const std::string& id, const recorded_exchange& of) {
  warc_record made(type);
  made.add("WARC-Record-ID", id);
  made.add("WARC-Target-URI", of.target);
  made.add("WARC-Date", of.date);
  if (!of.peer.is_unix() && of.peer.port() != 0) made.add("WARC-IP-Address", of.peer.from_v4_mapped().host());
  return made;
}

void set_text(warc_record& record, std::string_view content_type, std::string text) {
  record.add("Content-Type", content_type);
  record.add("WARC-Block-Digest", digest_of(text));
  record.set_block(std::move(text));
}

// The head only. Source: 6.7.2: what is cut off for being the same is cut off by "length".
warc_record same_content(const std::string& id, recorded_exchange& done, const archived_response& first) {
  warc_record made = begin("revisit", id, done);
  made.add("WARC-Profile", identical_profile);
  made.add("WARC-Refers-To", first.id);
  made.add("WARC-Refers-To-Target-URI", first.target);
  made.add("WARC-Refers-To-Date", first.date);
  made.add("WARC-Payload-Digest", done.content_digest);
  made.add("WARC-Truncated", "length");
  set_text(made, "application/http;msgtype=response", std::move(done.head));
  return made;
}

// Source: 6.7.3.
warc_record not_sent(const std::string& id, recorded_exchange& done, std::string_view archived) {
  warc_record made = begin("revisit", id, done);
  made.add("WARC-Profile", not_modified_profile);
  if (!archived.empty()) {
    made.add("WARC-Refers-To-Target-URI", done.target);
    made.add("WARC-Refers-To-Date", archived);
  }
  set_text(made, "application/http;msgtype=response", std::move(done.head));
  return made;
}

warc_record response(const std::string& id, recorded_exchange& done) {
  warc_record made = begin("response", id, done);
  made.add("Content-Type", "application/http;msgtype=response");
  made.add("WARC-Payload-Digest", done.content_digest);
  made.add("WARC-Block-Digest", done.answer_digest);
  if (const std::string_view why = reason_of(done.how); !why.empty()) made.add("WARC-Truncated", why);
  made.set_block(std::move(done.head), std::move(done.put_away), done.put_away_bytes, std::move(done.rest));
  return made;
}

warc_record answer(const std::string& id, recorded_exchange& done, std::string_view archived, warc_contents& contents) {
  if (done.status == not_modified) return not_sent(id, done, archived);
  const bool is_complete = done.how == http::exchange_end::whole && done.content_bytes > 0;
  if (const auto* const first = is_complete ? contents.find(done.content_digest) : nullptr; first != nullptr)
    return same_content(id, done, *first);
  if (is_complete) contents.add(done.content_digest, {id, done.target, done.date});
  return response(id, done);
}

}  // namespace

warc_records records_of(recorded_exchange done, std::string_view archived, warc_contents& contents,
                        random_source& random) {
  const std::string id = warc_record_id(random);
  warc_record request = begin("request", warc_record_id(random), done);
  request.add("WARC-Concurrent-To", id);
  set_text(request, "application/http;msgtype=request", std::move(done.request_head));
  warc_record metadata = begin("metadata", warc_record_id(random), done);
  metadata.add("WARC-Concurrent-To", id);
  set_text(metadata, "application/warc-fields", fmt::format("fetchTimeMs: {}\r\n", done.took.count()));
  warc_records records;
  records.push_back(answer(id, done, archived, contents));
  records.push_back(std::move(request));
  records.push_back(std::move(metadata));
  return records;
}

}  // namespace hocket::crawl
