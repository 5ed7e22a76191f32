// The controller's thread, and what wakes it.
#include "controller/zookeeper/kafka_controller.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace brokersim {

namespace {

using Op = ZkOperation::Kind;
using Path = ZnodePath::Kind;

// The controller's own work for a partition that it reads, decides on or tells of. With ZooKeeper's
// part this makes the measured 140 us of a reload (docs/model.md).
constexpr Duration per_partition = microseconds(90);
/// Whoever supervises the process starts it again when it has failed.
constexpr Duration supervisor_pause = seconds(2);

} // namespace

KafkaController::KafkaController(MachineId self, const std::string& name, LayoutRef layout,
                                 const ServerConfig& config, std::uint64_t seed,
                                 std::uint32_t first_timer)
    : self_(self), layout_(layout), config_(config), first_timer_(first_timer),
      client_(self, layout, config, seed, name),
      senders_(self, layout, config, Stream(seed, {"controller connections", name})),
      phases_(seed, {"controller phases", name}), image_(layout) {
    armed_.fill(Time::never());
}

void KafkaController::settle(In in, const ClusterImage& image, MachineId controller, Zxid zxid,
                             Effects& out) {
    incarnation_ = 1;
    ready_ = open_ = registering_ = true;
    broker_epoch_ = image.broker(self_).epoch;
    client_.settle(in, broker_epoch_, zxid, out);
    client_.watch({Path::controller, 0}, false);
    if (controller != self_) return;
    client_.watch({Path::broker_ids, 0}, true);
    active_ = true;
    epoch_ = 1;
    epoch_version_ = 1;
    image_ = image;
    loaded_ = true;
    if (config_.auto_leader_rebalance_enable) {
        out.arm(slot(balance_timer),
                in.now + Duration{phases_.between(1, config_.leader_imbalance_check_interval.ns)});
    }
}

void KafkaController::start(In in, std::int32_t incarnation) {
    incarnation_ = incarnation;
    client_.start(in);
}

void KafkaController::close(In in, Effects& out) {
    if (closing_) return;
    closing_ = true;
    resign(in, "shut_down", out);
    client_.close(in);
}

void KafkaController::crash() {
    client_.crash();
    senders_.crash();
    tasks_.clear();
    replies_.clear();
    writing_.clear();
    again_.clear();
    done_.clear();
    orders_.clear();
    stops_.clear();
    updates_.clear();
    full_for_.clear();
    ready_ = open_ = registering_ = closing_ = failed_ = false;
    active_ = working_ = update_all_ = false;
    broker_epoch_ = -1;
    outstanding_ = 0;
    busy_until_ = {};
    armed_.fill(Time::never());
}

bool KafkaController::owns(ConnId conn, Effects& out) const {
    return client_.owns(conn) || senders_.owns(conn, out);
}

bool KafkaController::takes(const Incoming& incoming, Effects& out) const {
    if (incoming.api == Api::zookeeper) return true;
    switch (incoming.kind) {
    case kind_of<LeaderAndIsrResponse>:
    case kind_of<UpdateMetadataResponse>:
    case kind_of<StopReplicaResponse>: return true;
    default: return incoming.conn.valid() && senders_.owns(incoming.conn, out);
    }
}

void KafkaController::on_response(In in, const Incoming& incoming, Effects& out) {
    // A process that was frozen may have given up a connection whose last answers it still finds.
    if (incoming.api == Api::zookeeper) {
        if (client_.owns(incoming.conn)) client_.on_response(in, incoming, out);
    } else if (incoming.stage == own_stage || senders_.owns(incoming.conn, out)) {
        senders_.on_response(in, incoming, out);
    }
}

void KafkaController::on_connected(In in, ConnId conn, Effects& out) {
    if (client_.owns(conn)) {
        client_.on_connected(in, out);
    } else {
        senders_.on_connected(in, conn, out);
    }
}

void KafkaController::on_refused(In in, ConnId conn, Effects& out) {
    if (client_.owns(conn)) {
        client_.on_lost(in);
    } else {
        senders_.on_refused(in, conn, out);
    }
}

void KafkaController::on_lost(In in, ConnId conn, Effects& out) {
    if (client_.owns(conn)) {
        client_.on_lost(in);
    } else {
        senders_.on_lost(in, conn, out);
    }
}

void KafkaController::on_timer(In in, TimerSlot timer, Effects& out) {
    armed_[static_cast<std::uint32_t>(timer) - first_timer_] = Time::never();
    if (timer == slot(senders_timer)) senders_.on_time(in, out);
    if (timer != slot(balance_timer) || !active_) return;
    Task task{Task::Kind::balance};
    queue(std::move(task));
    out.arm(slot(balance_timer), after(in.now, config_.leader_imbalance_check_interval));
}

void KafkaController::run(In in, RequestPath& path, Effects& out) {
    take_events(in, out);
    if (open_ && ready_ && !registering_ && !closing_) {
        registering_ = true;
        queue({Task::Kind::register_node});
        queue({Task::Kind::elect});
    }
    step(in, out);
    answer(in, path, out);
    const Cause cause = out.cause();
    if (active_) senders_.run(in, out);
    client_.run(in, out);
    out.because(cause);
    arm(client_timer, client_.wake_at(), out);
    if (active_) arm(senders_timer, senders_.wake_at(), out);
    if (!client_.events.empty()) take_events(in, out); // It has given up by itself.
}

/// Armed early is as good: the timer finds nothing due and is armed again.
void KafkaController::arm(Timer timer, Time deadline, Effects& out) {
    if (deadline >= armed_[timer]) return;
    armed_[timer] = deadline;
    out.arm(slot(timer), deadline);
}

/// What ZooKeeper has answered, and what it has told of its own accord.
void KafkaController::take_events(In in, Effects& out) {
    for (ZookeeperClient::Reply& reply : client_.replies) {
        if (reply.token < first_token_) continue; // Nobody waits for it any more.
        replies_[reply.token - first_token_] = std::move(reply);
        --outstanding_;
    }
    client_.replies.clear();
    std::vector<ZookeeperClient::Event> events;
    events.swap(client_.events);
    const Cause cause = out.cause();
    for (const ZookeeperClient::Event& event : events) {
        out.because(event.cause);
        switch (event.kind) {
        case ZookeeperClient::Event::Kind::opened: open_ = true; break;
        case ZookeeperClient::Event::Kind::expired: expired(in, out); break;
        case ZookeeperClient::Event::Kind::closed:
            if (failed_) {
                out.crash(supervisor_pause);
            } else {
                out.exit();
            }
            break;
        case ZookeeperClient::Event::Kind::changed:
            if (event.path.kind == Path::controller) {
                Task task{Task::Kind::elect};
                task.cause = out.cause();
                queue(std::move(task));
            } else if (active_) {
                Task task{Task::Kind::read_brokers};
                task.cause = out.cause();
                queue(std::move(task));
            }
            break;
        }
    }
    out.because(cause);
}

/// All that hung on the session is gone: the node is made again, and who is the controller is
/// decided anew.
void KafkaController::expired(In in, Effects& out) {
    open_ = false;
    resign(in, "session_expired", out);
    drop_tasks();
    broker_epoch_ = -1;
    registering_ = false;
}

void KafkaController::resign(In in, std::string_view why, Effects& out) {
    drop_tasks();
    if (!active_) return;
    active_ = false;
    out.note(CtlResigned{self_, epoch_, why});
    senders_.stop(in, out);
    orders_.clear();
    stops_.clear();
    updates_.clear();
    full_for_.clear();
    update_all_ = false;
    out.disarm(slot(balance_timer));
}

void KafkaController::drop_tasks() {
    for (Task& task : tasks_) {
        if (!task.asked) continue;
        task.asked->answer.error = Error::not_controller;
        done_.push_back(std::move(task.asked));
    }
    tasks_.clear();
    working_ = false;
    outstanding_ = 0;
    first_token_ = tokens_ + 1;
    busy_until_ = {};
    client_.forget_requests();
}

void KafkaController::finish(std::vector<Task> next) {
    const Cause cause = tasks_.front().cause;
    tasks_.pop_front();
    working_ = false;
    for (Task& task : next) {
        if (task.cause.n == 0) task.cause = cause;
    }
    tasks_.insert(tasks_.begin(), std::make_move_iterator(next.begin()),
                  std::make_move_iterator(next.end()));
}

/// The thread goes on as far as it can: until it waits for ZooKeeper, or is busy.
void KafkaController::step(In in, Effects& out) {
    const Cause cause = out.cause();
    while (open_) {
        if (busy_until_ > in.now) {
            out.arm(slot(thread_timer), busy_until_);
            break;
        }
        if (!working_) {
            if (tasks_.empty()) break;
            working_ = true;
            stage_ = 0;
            if (tasks_.front().cause.n == 0) tasks_.front().cause = cause;
            out.because(tasks_.front().cause);
            begin(in, out);
        } else if (outstanding_ > 0) {
            break;
        } else {
            if (!replies_.empty() && replies_.back().cause.n != 0) {
                out.because(replies_.back().cause);
            }
            advance(in, out);
        }
    }
    out.because(cause);
}

void KafkaController::ask(std::vector<ZkOperation> operations, Effects& out) {
    if (outstanding_ == 0) {
        replies_.clear();
        first_token_ = tokens_ + 1;
    }
    client_.submit(std::move(operations), ++tokens_, out.cause());
    replies_.emplace_back();
    ++outstanding_;
}

void KafkaController::ask_one(ZkOperation::Kind kind, ZnodePath path, bool watch, Effects& out) {
    ZkOperation operation;
    operation.kind = kind;
    operation.path = path;
    operation.watch = watch;
    ask({std::move(operation)}, out);
}

void KafkaController::busy(In in, std::size_t partitions) {
    busy_until_ = in.now + per_partition * static_cast<std::int64_t>(partitions);
}

void KafkaController::begin(In in, Effects& out) {
    switch (tasks_.front().kind) {
    case Task::Kind::register_node: {
        ZkOperation create;
        create.kind = Op::create;
        create.path = {Path::broker_id, self_.value};
        create.data.number = incarnation_;
        ask({std::move(create)}, out);
        return;
    }
    case Task::Kind::elect: ask_one(Op::get, {Path::controller, 0}, true, out); return;
    case Task::Kind::read_brokers: ask_one(Op::children, {Path::broker_ids, 0}, true, out); return;
    case Task::Kind::reload: {
        std::vector<PartitionId> all;
        for (std::size_t k = 0; k < layout_->partitions; ++k)
            all.emplace_back(k);
        ask_states(all, out);
        return;
    }
    case Task::Kind::take_over: take_over(in, out); return;
    case Task::Kind::elect_leaders:
    case Task::Kind::elect_offline:
    case Task::Kind::leave_isrs:
    case Task::Kind::renew:
    case Task::Kind::reorder: begin_changes(out); return;
    case Task::Kind::begin_shutdown: begin_shutdown(out); return;
    case Task::Kind::alter: begin_alter(out); return;
    case Task::Kind::answer_shutdown: answer_shutdown(); return;
    case Task::Kind::balance: balance(in, out); return;
    }
}

/// Everything that the task has asked for is answered.
void KafkaController::advance(In in, Effects& out) {
    switch (tasks_.front().kind) {
    case Task::Kind::register_node: node_made(in); return;
    case Task::Kind::elect: election(in, out); return;
    case Task::Kind::read_brokers: brokers_read(out, in); return;
    case Task::Kind::reload:
        if (stage_++ == 0) {
            busy(in, replies_.size());
        } else {
            reloaded();
        }
        return;
    case Task::Kind::alter: altered(in, out); return;
    default: break;
    }
    switch (stage_) {
    case 0:
        busy(in, replies_.size());
        stage_ = 1;
        return;
    case 1:
        take_states();
        stage_ = 2;
        decide_changes(out);
        return;
    default: changes_written(in, out); return;
    }
}

} // namespace brokersim
