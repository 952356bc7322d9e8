#pragma once

#include <hocket/redis/commands/hash_commands.hpp>
#include <hocket/redis/commands/hyperloglog_commands.hpp>
#include <hocket/redis/commands/key_commands.hpp>
#include <hocket/redis/commands/list_commands.hpp>
#include <hocket/redis/commands/script_commands.hpp>
#include <hocket/redis/commands/server_commands.hpp>
#include <hocket/redis/commands/set_commands.hpp>
#include <hocket/redis/commands/sorted_set_commands.hpp>
#include <hocket/redis/commands/stream_commands.hpp>
#include <hocket/redis/commands/string_commands.hpp>

namespace hocket::redis {

/// The common commands with their arguments and results as types of C++, under the server's own names: of whatever takes commands. An argument `key`, value
/// or member is what `request` takes as one; where several may stand, ranges may.
template <class Issuer>
class commands : public hash_commands<Issuer>,
                 public hyperloglog_commands<Issuer>,
                 public key_commands<Issuer>,
                 public list_commands<Issuer>,
                 public script_commands<Issuer>,
                 public server_commands<Issuer>,
                 public set_commands<Issuer>,
                 public sorted_set_commands<Issuer>,
                 public stream_commands<Issuer>,
                 public string_commands<Issuer> {};

}  // namespace hocket::redis
