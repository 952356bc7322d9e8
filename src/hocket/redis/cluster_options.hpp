#pragma once

#include <chrono>
#include <vector>

#include <hocket/core/backoff.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/client_options.hpp>
#include <hocket/redis/node_address.hpp>

namespace hocket::redis {

/// Who is asked what changes nothing. A replica may not have heard yet of what its master has done.
enum class reads_from : unsigned char {
  masters,
  replicas,  ///< by turns; the master, where there is none
  all,       ///< the master and its replicas by turns
};

struct cluster_options {
  /// Nodes of the cluster to begin with: the first that answers tells of all others. None: the one that `node` says.
  std::vector<node_address> seeds{};
  /// How each node is spoken to: all but where it is, and how often connecting to it is tried. A cluster has no databases but 0. With TLS each node's certificate must be for the
  /// host by which the cluster calls it (`cluster-announce-hostname`).
  client_options node{};
  reads_from reads = reads_from::masters;
  /// A command that is sent from node to node so often in a row fails with the last MOVED or ASK.
  unsigned most_redirections = 16;
  /// Before a command is tried again that no node could take: its master is gone (CLUSTERDOWN, no connection), or its keys are on the move (TRYAGAIN). That goes on
  /// for `node.command_timeout`.
  backoff pause{.first = std::chrono::milliseconds(20), .longest = std::chrono::seconds(1)};
  /// For one node that is asked where the slots are; then the next is.
  duration topology_timeout = std::chrono::seconds(3);
};

}  // namespace hocket::redis
