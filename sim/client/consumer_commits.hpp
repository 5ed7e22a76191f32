// Commits of a member, and the look-up of what is committed. Kafka: ConsumerCoordinator
// (semantics §5.3).
#pragma once

#include "client/consumer_core.hpp"
#include "client/consumer_membership.hpp"
#include "client/consumer_positions.hpp"
#include "engine/random.hpp"
#include "protocol/group_apis.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace brokersim {

class ConsumerCommits {
public:
    /// What became of a commit that somebody waits for.
    enum class Result : std::uint8_t { none, done, refused, timed_out };

    ConsumerCommits(std::uint64_t seed, std::string_view name) : backoff_(seed, {"commit", name}) {}
    void restart();

    // ---- automatic: positions as of entry into poll(), nobody waits ----
    void restart_interval(Time now, const ConsumerCore& core) {
        automatic_at_ = after(now, core.config.auto_commit_interval);
    }
    Time next_automatic() const { return automatic_at_; }
    void commit_automatically(In in, const ConsumerCore& core, ConsumerMembership& membership,
                              const ConsumerPositions& positions, Effects& out);

    // ---- with somebody waiting: one at a time ----
    /// `limit`: how long it is tried. `offsets` is copied.
    void begin(In in, const std::vector<CommittedOffset>& offsets, Duration limit);
    bool busy() const { return busy_; }
    /// Does what is due. The result is there once, when the commit has ended.
    Result step(In in, ConsumerCore& core, ConsumerMembership& membership, Effects& out);
    Time next_step(Time now) const {
        return busy_ && !sent_ && retry_at_ > now ? std::min(retry_at_, until_) : until_;
    }

    void on_commit(In in, const OffsetCommitResponse& response, std::uint64_t token,
                   const ConsumerCore& core, ConsumerMembership& membership, Effects& out);
    void on_commit_lost(In in, std::uint64_t token, const ConsumerCore& core);

    // ---- committed offsets ----
    void look_up(In in, ConsumerCore& core, ConsumerMembership& membership,
                 const ConsumerPositions& positions, Effects& out);
    Time next_look_up() const { return looking_up_ ? Time::never() : look_up_at_; }
    void on_offsets(In in, const OffsetFetchResponse& response, std::uint64_t token,
                    ConsumerCore& core, ConsumerMembership& membership,
                    ConsumerPositions& positions, Effects& out);
    void on_offsets_lost(In in, const ConsumerCore& core, ConsumerPositions& positions,
                         Effects& out);

    bool under_way() const { return busy_ || automatic_ > 0; }

private:
    static constexpr std::uint64_t automatic_token = 0;

    void send(In in, const std::vector<CommittedOffset>& offsets, std::uint64_t token,
              const ConsumerCore& core, ConsumerMembership& membership, Effects& out) const;
    void end(Result result) {
        result_ = result;
        busy_ = sent_ = false;
        until_ = Time::never();
    }
    void retry(In in, const ConsumerCore& core);

    Stream backoff_;
    Time automatic_at_ = Time::never();
    std::int32_t automatic_ = 0; ///< automatic commits in flight
    std::vector<CommittedOffset> scratch_;

    bool busy_ = false, sent_ = false;
    Result result_ = Result::none;
    std::vector<CommittedOffset> offsets_;
    std::uint64_t serial_ = 0; ///< token of the waited-for commit
    std::int32_t attempts_ = 0;
    Time retry_at_, until_ = Time::never();

    bool looking_up_ = false;
    Time look_up_at_;
};

} // namespace brokersim
