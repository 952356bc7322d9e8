#pragma once

// Operators on async generators, joined by `|`.

#include <hocket/flow/accumulate.hpp>
#include <hocket/flow/call.hpp>
#include <hocket/flow/chunks.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/cycle.hpp>
#include <hocket/flow/delay.hpp>
#include <hocket/flow/dropwhile.hpp>
#include <hocket/flow/empty.hpp>
#include <hocket/flow/enumerate.hpp>
#include <hocket/flow/filter.hpp>
#include <hocket/flow/first.hpp>
#include <hocket/flow/for_each.hpp>
#include <hocket/flow/getitem.hpp>
#include <hocket/flow/iterate.hpp>
#include <hocket/flow/just.hpp>
#include <hocket/flow/last.hpp>
#include <hocket/flow/map.hpp>
#include <hocket/flow/never.hpp>
#include <hocket/flow/pipe.hpp>
#include <hocket/flow/raise.hpp>
#include <hocket/flow/range.hpp>
#include <hocket/flow/reduce.hpp>
#include <hocket/flow/repeat.hpp>
#include <hocket/flow/skip.hpp>
#include <hocket/flow/skiplast.hpp>
#include <hocket/flow/spaceout.hpp>
#include <hocket/flow/starmap.hpp>
#include <hocket/flow/stream_empty.hpp>
#include <hocket/flow/take.hpp>
#include <hocket/flow/takelast.hpp>
#include <hocket/flow/takewhile.hpp>
#include <hocket/flow/timeout.hpp>
#include <hocket/flow/until.hpp>
