#pragma once

// Operators on async generators, joined by `|`.

#include <hocket/flow/collect.hpp>
#include <hocket/flow/iterate.hpp>
#include <hocket/flow/map.hpp>
#include <hocket/flow/pipe.hpp>
