// The application thread of a consumer: poll, process, commit, close (semantics §5.1, §5.3).
#include "client/consumer.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

namespace {

/// What the application passes to poll(): as long it may stay there for its coordinator alone.
constexpr Duration poll_timeout = milliseconds(100);
/// KafkaConsumer.close() without an argument.
constexpr Duration close_timeout = seconds(30);

} // namespace

/// Calls of KafkaConsumer.poll until one of them has to wait or its records take time.
void Consumer::poll(In in, Effects& out) {
    while (polling()) {
        if (stopping_ || positions_.failed() || membership_.failed()) return close(in, out);
        wake_ = Time::never();
        membership_.polled(in.now);
        const bool settled = coordinate(in, out);
        if (!membership_.coordinator_known() && is_blocked(in)) return;
        if (settled && positions_.need_committed()) {
            commits_.look_up(in, core_, membership_, positions_, out);
            wake_at(in, commits_.next_look_up());
        }
        wake_at(in, positions_.look_up(in, core_, out));
        fetched_.clear();
        pieces_.clear();
        fetcher_.collect(core_.config.max_poll_records, positions_, fetched_, pieces_);
        const Cause cause = out.cause();
        if (!fetched_.empty()) hand_over(in, out);
        const Cause handed = out.cause();
        out.because(cause);
        wake_at(in, fetcher_.send(in, core_, positions_, out)); // Before it returns.
        if (fetched_.empty()) return;
        out.because(handed);
        if (doing_ == Doing::processing) process(in, out);
    }
}

/// ConsumerCoordinator.poll. True: the member is in a generation, as far as it knows.
bool Consumer::coordinate(In in, Effects& out) {
    if (!membership_.coordinator_known()) {
        membership_.find(in, core_, true, out);
        return false;
    }
    block_until_ = Time::never();
    if (membership_.rejoin_needed()) {
        if (!prepared_ && !give_up_partitions(in, out)) return false;
        membership_.join(in, core_, out);
        wake_at(in, membership_.next_join());
        return false;
    }
    if (commit_mode_ == CommitMode::automatic) {
        commits_.commit_automatically(in, core_, membership_, positions_, out);
        if (!positions_.empty()) wake_at(in, commits_.next_automatic());
    }
    return true;
}

/// Eager assignors give up everything before they join (ConsumerCoordinator.onJoinPrepare): with
/// a last commit if that is automatic. False: that commit is under way.
bool Consumer::give_up_partitions(In in, Effects& out) {
    if (!giving_up_ && commit_mode_ == CommitMode::automatic && !positions_.empty() &&
        membership_.state() == ConsumerMembership::State::stable) {
        giving_up_ = true;
        positions_.mark_revoking();
        positions_.consumed(returned_);
        commits_.begin(in, returned_, core_.config.max_poll_interval);
    }
    if (giving_up_) {
        const auto result = commits_.step(in, core_, membership_, out);
        if (result == ConsumerCommits::Result::none) {
            wake_at(in, commits_.next_step(in.now));
            return false;
        }
        giving_up_ = false;
    }
    fetcher_.forget_all(positions_);
    positions_.clear(in, core_, out);
    prepared_ = true;
    return true;
}

/// While the coordinator is unknown a call of poll() waits for it, then returns what it has.
bool Consumer::is_blocked(In in) {
    if (block_until_ == Time::never()) block_until_ = in.now + poll_timeout;
    const bool blocked = in.now < block_until_;
    if (!blocked) block_until_ = in.now + poll_timeout; // The next call.
    wake_at(in, block_until_);
    wake_at(in, membership_.next_look_up());
    return blocked;
}

void Consumer::hand_over(In in, Effects& out) {
    returned_.clear();
    for (const FetchedRange& range : fetched_) {
        out.note(ConsRead{core_.group, positions_.generation(), core_.self, range.tp, range.from,
                          range.to, static_cast<std::int32_t>(range.to - range.from)});
        returned_.push_back({range.tp, range.to, range.epoch});
    }
    for (const FetchedPiece& piece : pieces_)
        work_.add(piece, out.contents().marks);
    doing_ = Doing::processing;
    if (commit_mode_ != CommitMode::before_processing) return;
    doing_ = Doing::committing;
    commits_.begin(in, returned_, core_.config.default_api_timeout);
}

/// Goes on with what poll() has returned: until all workers wait, or to the end.
void Consumer::process(In in, Effects& out) {
    switch (work_.step(in, letters_ ? &*letters_ : nullptr, out)) {
    case RecordWork::State::working: {
        const Time next = work_.next_timer();
        if (next != Time::never()) out.arm(processing_timer, next);
        return;
    }
    case RecordWork::State::crashed: doing_ = Doing::nothing; return;
    case RecordWork::State::done: after_processing(in); return;
    }
}

/// Workers wait for their dead letters to be acknowledged.
void Consumer::serve_letters(In in, Effects& out) {
    do {
        letters_wake_ = letters_->pass(in, out);
        if (!letters_->has_results()) return;
        process(in, out);
    } while (doing_ == Doing::processing);
}

void Consumer::after_processing(In in) {
    doing_ = Doing::polling;
    if (commit_mode_ != CommitMode::after_processing) return;
    if (stopping_) keep_done();
    doing_ = Doing::committing;
    commits_.begin(in, returned_, core_.config.default_api_timeout);
}

/// The application ends before it has done everything: what it has is committed, up to the first
/// record that is left in each partition.
void Consumer::keep_done() {
    returned_.clear();
    for (const FetchedRange& range : fetched_) {
        const Offset end = std::min(range.to, work_.left(range.tp).value_or(range.to));
        if (end > range.from) returned_.push_back({range.tp, end, range.epoch});
    }
}

/// commitSync() has to come back first.
void Consumer::await_commit(In in, Effects& out) {
    using Result = ConsumerCommits::Result;
    const Result result = commits_.step(in, core_, membership_, out);
    wake_ = Time::never();
    wake_at(in, commits_.next_step(in.now));
    if (!membership_.coordinator_known()) wake_at(in, membership_.next_look_up());
    if (result == Result::none) return;
    if (commit_mode_ == CommitMode::after_processing) {
        doing_ = Doing::polling; // Refused: others will do that work again.
        return;
    }
    if (result == Result::timed_out) { // Nothing is seen before it is committed: once more.
        commits_.begin(in, returned_, core_.config.default_api_timeout);
        return await_commit(in, out);
    }
    if (result == Result::refused) work_.drop(); // Nobody will have seen it.
    doing_ = Doing::processing;
    process(in, out);
}

/// KafkaConsumer.close(): commits what was returned if that is automatic, then leaves.
void Consumer::close(In in, Effects& out) {
    doing_ = Doing::closing;
    stopping_ = true;
    leaving_ = false;
    close_until_ = in.now + close_timeout;
    returned_.clear();
    if (commit_mode_ == CommitMode::automatic &&
        membership_.state() == ConsumerMembership::State::stable) {
        positions_.consumed(returned_);
    }
    commits_.begin(in, returned_, close_timeout);
    step_close(in, out);
}

void Consumer::step_close(In in, Effects& out) {
    const bool late = close_until_ <= in.now;
    wake_ = Time::never();
    wake_at(in, close_until_);
    if (!leaving_) {
        const auto result = commits_.step(in, core_, membership_, out);
        if (result == ConsumerCommits::Result::none && commits_.busy() && !late) {
            wake_at(in, commits_.next_step(in.now));
            if (!membership_.coordinator_known()) wake_at(in, membership_.next_look_up());
            return;
        }
        leaving_ = true;
        membership_.leave(in, core_, false, out);
    }
    const bool waits = membership_.coordinator_known() &&
                       membership_.link().in_flight(membership_.coordinator()) > 0;
    if (waits && !late) return;
    if (letters_) letters_->close(in, out);
    core_.brokers.disconnect_all(in, out);
    membership_.link().disconnect_all(in, out);
    doing_ = Doing::nothing;
    out.exit();
}

} // namespace brokersim
