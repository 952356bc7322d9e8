#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/cluster_options.hpp>
#include <hocket/redis/detail/cluster_node.hpp>
#include <hocket/redis/detail/command_keys.hpp>
#include <hocket/redis/detail/slot_table.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/request.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::redis::detail {

/// What a `cluster` is made of.
class cluster_core : public std::enable_shared_from_this<cluster_core> {
 public:
  explicit cluster_core(cluster_options options);
  cluster_core(const cluster_core&) = delete;

  // Whoever calls these keeps the object until they have ended.

  /// The answer, an error too, wherever it had to be asked for.
  coro<reply> ask(request what);
  /// An answer for each, errors too. Throws std::invalid_argument of what goes to all nodes.
  coro<std::vector<reply>> ask_each(std::vector<request> what);
  /// Never null. Throws `response_error` with CLUSTERDOWN.
  coro<node_pointer> master_of(std::uint16_t slot);
  /// Whether something has changed since somebody saw this `generation`: if not, asks the nodes where the slots are.
  coro<void> refresh(std::uint64_t seen);
  coro<std::vector<node_pointer>> masters();
  coro<void> close();

  void abort() noexcept;

  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  [[nodiscard]] const cluster_options& options() const noexcept { return options_; }
  [[nodiscard]] client_options options_of(const node_address& where) const;

 private:
  struct destination {
    spread goes = spread::any;
    std::optional<std::uint16_t> slot{};
    bool reads = false;
  };
  /// A command on its way.
  struct errand {
    const request* what;
    destination where;
    node_pointer to{};       // null: it is to be found out
    bool is_asking = false;  // its slot is on the move to that node
    bool is_done = false;
    unsigned redirections = 0;
    reply answer{};
  };
  /// Those of them that go to one node in one send.
  struct share {
    node_pointer to;
    std::vector<errand*> errands;
    std::exception_ptr problem{};
    bool must_wait = false;
  };
  /// How long one keeps trying.
  struct patience {
    time_point end;
    unsigned failures = 0;
  };
  struct learned_rule {
    command_rule rule;
    bool must_ask_for_keys;
  };

  void require_open() const;
  coro<destination> destination_of(const request& what);
  coro<destination> learn_destination_of(const request& what, std::string name);
  coro<learned_rule> learn(std::string name);
  [[nodiscard]] node_pointer pick(const destination& where) noexcept;

  coro<void> run_errands(std::vector<errand>& all, patience left, std::exception_ptr why, bool must_wait);
  coro<void> run_share(share& of);
  [[nodiscard]] std::vector<share> split(std::vector<errand>& all);
  /// True: it has to wait before it is tried again.
  bool take(errand& of, reply&& answer);
  void take_problem(share& of);
  coro<bool> waited_before_retry(patience& left, std::uint64_t seen);
  coro<reply> ask_everywhere(const request& what, spread goes);
  coro<void> ask_one_of_all(node_pointer to, const request& what, reply& answer, std::exception_ptr& problem);

  coro<bool> refresh_from(node_pointer node, std::exception_ptr& problem);
  void refresh_soon();
  static coro<void> refresh_later(std::shared_ptr<cluster_core> mine);
  [[nodiscard]] node_pointer make_node(const node_address& where);
  [[nodiscard]] patience patience_of_a_command() const;

  const cluster_options options_;
  slot_table slots_;
  std::map<std::string, learned_rule, std::less<>> learned_;
  lock refreshing_;
  std::uint64_t generation_ = 0;  // of the table; 0: nothing is known
  std::optional<task<void>> refreshing_later_;
  bool is_over_ = false;
};

}  // namespace hocket::redis::detail
