// Commits of a member.
#include "client/consumer_commits.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

/// Errors after which a commit is tried again.
bool passes(Error error) {
    switch (error) {
    case Error::coordinator_load_in_progress:
    case Error::coordinator_not_available:
    case Error::not_coordinator:
    case Error::request_timed_out:
    case Error::unknown_topic_or_partition: return true;
    default: return false;
    }
}

} // namespace

void ConsumerCommits::restart() {
    automatic_at_ = Time::never();
    automatic_ = 0;
    end(Result::none);
    looking_up_ = false;
    look_up_at_ = {};
}

void ConsumerCommits::send(In in, const std::vector<CommittedOffset>& offsets, std::uint64_t token,
                           const ConsumerCore& core, ConsumerMembership& membership,
                           Effects& out) const {
    OffsetCommitRequest& request = membership.link().send<OffsetCommitRequest>(
        in, membership.coordinator(), out, core.config.request_timeout, token);
    request.group = core.group;
    request.member = membership.member();
    request.instance = core.instance();
    request.generation = membership.generation();
    request.offsets.assign(offsets.begin(), offsets.end());
}

/// Everything that earlier polls returned counts as processed.
void ConsumerCommits::commit_automatically(In in, const ConsumerCore& core,
                                           ConsumerMembership& membership,
                                           const ConsumerPositions& positions, Effects& out) {
    if (in.now < automatic_at_) return;
    restart_interval(in.now, core);
    positions.consumed(scratch_);
    if (scratch_.empty() || membership.state() != ConsumerMembership::State::stable) return;
    if (!membership.reach(in, out)) return;
    send(in, scratch_, automatic_token, core, membership, out);
    ++automatic_;
}

void ConsumerCommits::begin(In in, const std::vector<CommittedOffset>& offsets, Duration limit) {
    offsets_.assign(offsets.begin(), offsets.end());
    busy_ = true;
    sent_ = false;
    result_ = Result::none;
    attempts_ = 0;
    ++serial_;
    retry_at_ = in.now;
    until_ = after(in.now, limit);
    if (offsets_.empty()) end(Result::done);
}

ConsumerCommits::Result ConsumerCommits::step(In in, ConsumerCore& core,
                                              ConsumerMembership& membership, Effects& out) {
    if (busy_ && !sent_ && retry_at_ <= in.now) {
        if (membership.state() != ConsumerMembership::State::stable) {
            end(Result::refused); // In no generation: nobody needs to be asked.
        } else if (!membership.coordinator_known()) {
            membership.find(in, core, true, out);
        } else if (membership.reach(in, out)) {
            send(in, offsets_, serial_, core, membership, out);
            sent_ = true;
        }
    }
    if (busy_ && until_ <= in.now) {
        ++serial_; // What may still come is not waited for.
        end(Result::timed_out);
    }
    return std::exchange(result_, Result::none);
}

void ConsumerCommits::retry(In in, const ConsumerCore& core) {
    sent_ = false;
    retry_at_ = in.now + exponential_backoff(attempts_++, core.config.retry_backoff,
                                             core.config.retry_backoff_max, backoff_);
}

void ConsumerCommits::on_commit(In in, const OffsetCommitResponse& response, std::uint64_t token,
                                const ConsumerCore& core, ConsumerMembership& membership,
                                Effects& out) {
    const Error error = response.error;
    if (error == Error::rebalance_in_progress) {
        membership.request_rejoin();
    } else if (error == Error::unknown_member_id || error == Error::illegal_generation) {
        membership.reset_generation(error == Error::illegal_generation);
    } else if (error == Error::fenced_instance_id) {
        membership.fail();
    } else if (coordinator_moved(error)) {
        membership.lose_coordinator(in, out);
    }
    if (token == automatic_token) {
        --automatic_;
        if (passes(error))
            automatic_at_ = std::min(automatic_at_, in.now + core.config.retry_backoff);
        return;
    }
    if (!busy_ || !sent_ || token != serial_) return;
    if (error == Error::none) {
        end(Result::done);
    } else if (passes(error)) {
        retry(in, core);
    } else {
        end(Result::refused);
    }
}

void ConsumerCommits::on_commit_lost(In in, std::uint64_t token, const ConsumerCore& core) {
    if (token == automatic_token) {
        --automatic_;
        automatic_at_ = std::min(automatic_at_, in.now + core.config.retry_backoff);
    } else if (busy_ && sent_ && token == serial_) {
        retry(in, core);
    }
}

void ConsumerCommits::look_up(In in, ConsumerCore& core, ConsumerMembership& membership,
                              const ConsumerPositions& positions, Effects& out) {
    if (!positions.need_committed() || looking_up_ || look_up_at_ > in.now) return;
    if (!membership.reach(in, out)) return;
    OffsetFetchRequest& request = membership.link().send<OffsetFetchRequest>(
        in, membership.coordinator(), out, core.config.request_timeout,
        static_cast<std::uint64_t>(positions.generation()));
    request.group = core.group;
    positions.uninitialized(request.partitions);
    looking_up_ = true;
}

void ConsumerCommits::on_offsets(In in, const OffsetFetchResponse& response, std::uint64_t token,
                                 ConsumerCore& core, ConsumerMembership& membership,
                                 ConsumerPositions& positions, Effects& out) {
    looking_up_ = false;
    look_up_at_ = in.now;
    if (coordinator_moved(response.error)) membership.lose_coordinator(in, out);
    if (token != static_cast<std::uint64_t>(positions.generation())) return; // Of an earlier one.
    if (response.error != Error::none) return on_offsets_lost(in, core, positions, out);
    positions.on_committed(in, response, core, out);
}

void ConsumerCommits::on_offsets_lost(In in, const ConsumerCore& core, ConsumerPositions& positions,
                                      Effects& out) {
    looking_up_ = false;
    look_up_at_ = in.now + core.config.retry_backoff;
    for (std::size_t k = 0; k < positions.size(); ++k) {
        if (positions[k].state == PartitionPosition::State::initializing) {
            positions.note_wait(in, k, in.now, core, out);
        }
    }
}

} // namespace brokersim
