#pragma once

#include <string_view>

namespace hocket::crawl::detail {

// What a crawl in Redis is, as scripts in Lua: each is run as a whole, with nobody else's between. KEYS[1] is what all keys begin with; `lua_script` puts
// `common` before each.
//
// Keys, behind that beginning (P: a partition, L: a level, H: a host with its port):
//   state               settings, partitions, seed, by_level, level, open, paused, max_pages, memory; queued, bytes of what is in lines; taken, by all; what all have come to: pages, ok, failed, links, bytes, skipped:REASON
//   owner  until        P -> "worker:token", P -> when its lease ends, in ms of Redis' own clock
//   token  freed        P -> the last token, P -> when it was given up
//   open   levels       P -> URLs that are not finished, L -> the same
//   line:P:L:H          list: "depth flags attempts href", that wait; flags: s, a seed; j, judged and counted; or -
//   hosts:P:L           list: the hosts that have a line, in turn
//   taken:P  given:P    href -> "host depth flags attempts", that the owner has; H -> their number
//   rests:P  paces:P    host that asked to be left alone -> until when, in ms of the day's time; host whose robots.txt wants a longer pause -> that, in ms
//   counts:P             digest -> count: what traps have counted of its hosts
//   aside:P             the same as taken, of hosts that want to be left alone
//   seen:P:B            set of digests, in the encoding of small sets of numbers: 8 bytes each
//   seen    buckets     P -> how many, P -> in how many of these sets
//   over:P:B            the same sets of what was passed over; overs, overbuckets
//   spill:W:B           the same sets of what is not in a line but in a file of worker W; spilled, spillbuckets: W -> how many, in how many sets
//   spillof:W           "P L" -> how many of these
//   adopter             W that is gone -> who has its file
//   claims  claimedby   href -> "P digest host depth-or-minus"; "P href" of a page under way -> what it was redirected to, a line each
//   workers             by when they last said something; worker:ID what they say of themselves; drain
struct scripts {
  static const std::string_view common;
  static const std::string_view join;   // begins the crawl, or compares the settings
  static const std::string_view seeds;  // sees URLs, for nobody
  static const std::string_view tick;   // a worker lives: renews its leases, takes more
  static const std::string_view
      rests;  // for how long the hosts of partitions want to be left alone by who is new to them
  static const std::string_view counts;   // all that traps have counted of partitions
  static const std::string_view take;     // URLs of the worker's partitions
  static const std::string_view report;   // pages that are finished, with what they have led to
  static const std::string_view claim;    // where a page under way is redirected to
  static const std::string_view release;  // partitions that are given up
  static const std::string_view pass;     // which URLs were passed over, by anybody, and never seen
  static const std::string_view drop;     // what a worker that is gone has in its file is given up
  static const std::string_view status;   // for who looks on
};

}  // namespace hocket::crawl::detail
