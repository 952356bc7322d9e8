#pragma once

// Redis: a client that all tasks share, and what its replies become.

#include <hocket/redis/cached_client.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/client_options.hpp>
#include <hocket/redis/cluster.hpp>
#include <hocket/redis/cluster_options.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/endpoint.hpp>
#include <hocket/redis/key_slot.hpp>
#include <hocket/redis/node_address.hpp>
#include <hocket/redis/pipeline.hpp>
#include <hocket/redis/redis_error.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/request.hpp>
#include <hocket/redis/scan.hpp>
#include <hocket/redis/script.hpp>
#include <hocket/redis/sentinel.hpp>
#include <hocket/redis/session.hpp>
#include <hocket/redis/stream_entry.hpp>
#include <hocket/redis/subscriber.hpp>
#include <hocket/redis/transaction.hpp>
