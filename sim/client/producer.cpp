// A producer process as the world sees it: events in, then one pass of the sender.
#include "client/producer.hpp"

#include "engine/assert.hpp"

#include <algorithm>
#include <utility>

namespace brokersim {

Producer::Producer(MachineId self, ProducerId id, LayoutRef layout, const ProducerSpec& spec,
                   std::uint64_t seed, std::shared_ptr<const ZipfTable> zipf)
    : self_(self), id_(id), layout_(std::move(layout)), spec_(spec), topic_(spec.topic),
      first_(layout_->topic(topic_).first), partitions_(layout_->topic(topic_).partitions),
      arrivals_(spec, seed), records_(spec, seed, std::move(zipf)),
      partitioning_(seed, {"partitioner", spec.name}),
      next_record_(static_cast<std::size_t>(partitions_)), sender_(id, layout_, spec, seed),
      sticky_(spec.config.batch_size) {}

void Producer::start(In in, Effects& out) {
    running_ = true;
    closing_ = false;
    sticky_ = StickyPartitioner(spec_.config.batch_size);
    sticky_bytes_ = 0;
    round_robin_ = {};
    runs_.clear();
    run_ = 0;
    burst_left_ = 0;
    paid_ = false;
    refused_ = 0;
    waiting_ = Wait::none;
    deadline_ = Time::never();
    buffer_ = 0;
    accepted_ = 0;
    opened_.clear();
    armed_application_ = armed_sender_ = Time::never();
    sender_.start(out);
    arrivals_.begin(in.now);
    advance(in, out);
    after_event(in, out);
}

void Producer::on_message(In in, const Incoming& incoming, Effects& out) {
    if (!running_) return;
    sender_.on_message(in, incoming, out);
    after_event(in, out);
}

void Producer::on_connected(In in, ConnId conn, Effects& out) {
    if (!running_) return;
    sender_.on_connected(in, conn, out);
    after_event(in, out);
}

void Producer::on_refused(In in, ConnId conn, Effects& out) {
    if (!running_) return;
    sender_.on_refused(in, conn, out);
    after_event(in, out);
}

void Producer::on_lost(In in, ConnId conn, Effects& out) {
    if (!running_) return;
    sender_.on_lost(in, conn, out);
    after_event(in, out);
}

void Producer::on_timer(In in, TimerSlot timer, Effects& out) {
    if (!running_) return;
    if (timer == sender_timer) {
        armed_sender_ = Time::never();
        sender_.on_time(in, out);
        after_event(in, out);
        return;
    }
    armed_application_ = Time::never();
    wake_sender_ = false;
    advance(in, out);
    if (wake_sender_) {
        after_event(in, out);
    } else {
        // Records for an open batch: its linger runs already (Kafka: KafkaProducer.doSend).
        free_closed_loop(in);
        arm_application(out);
    }
}

void Producer::stop(In in, Effects& out) {
    if (!running_ || closing_) return;
    closing_ = true;
    if (waiting_ != Wait::none) {
        // close() from another thread ends the call that waits.
        const Error error =
            waiting_ == Wait::buffer ? Error::buffer_exhausted : Error::metadata_timeout;
        end_wait(out);
        refuse(1, error, out);
    }
    drop_queued_records(0);
    sender_.close();
    after_event(in, out);
}

void Producer::crash() {
    running_ = false;
    waiting_ = Wait::none;
    drop_queued_records(0);
    sender_.accumulator().clear();
}

void Producer::end_of_load(In, Effects& out) {
    arrivals_.end();
    if (!running_) return;
    drop_queued_records(waiting_ != Wait::none || working() ? 1 : 0);
    arm_application(out);
}

void Producer::set_rate(In in, const std::optional<Rate>& rate, Effects& out) {
    arrivals_.change_rate(in.now, rate);
    if (running_) arm_application(out);
}

void Producer::configure(In in, const ProducerConfig& config, Effects& out) {
    spec_.config = config;
    sticky_.configure(config.batch_size);
    sender_.configure(config);
    if (!running_) return;
    armed_sender_ = in.now; // It looks at once what that makes due.
    out.arm(sender_timer, in.now);
}

bool Producer::pending() const {
    return running_ &&
           (waiting_ != Wait::none || working() || sender_.accumulator().unfinished() > 0);
}

/// The application calls send() no more for what has fallen due, but for `keep` records.
void Producer::drop_queued_records(std::int32_t keep) {
    if (keep == 0) paid_ = false;
    if (run_ == runs_.size()) {
        burst_left_ = std::min(burst_left_, keep);
        return;
    }
    burst_left_ = 0;
    runs_.resize(run_ + static_cast<std::size_t>(keep));
    if (keep > 0) runs_[run_].count = keep;
}

/// Both threads of the process run until neither can do more at this instant.
void Producer::after_event(In in, Effects& out) {
    const Cause tag = out.cause();
    Time wake;
    do {
        if (can_go_on()) advance(in, out);
        out.because(tag);
        wake = sender_.pass(in, out);
        out.because(tag);
    } while (can_go_on());
    if (closing_ && sender_.idle()) {
        running_ = false;
        sender_.disconnect(in, out);
        out.exit();
        return;
    }
    free_closed_loop(in);
    arm_application(out);
    if (wake == armed_sender_) return;
    armed_sender_ = wake;
    if (wake == Time::never()) {
        out.disarm(sender_timer);
    } else {
        out.arm(sender_timer, wake);
    }
}

/// Each record that has completed makes room for another one, which falls due now. It is sent by
/// the timer, so that a loop that takes no time at all is seen as an instant that does not end.
void Producer::free_closed_loop(In in) {
    const std::int64_t completed = sender_.take_finished() + std::exchange(refused_, 0);
    arrivals_.completed(completed, in.now);
}

void Producer::arm_application(Effects& out) {
    Time next = Time::never();
    if (waiting_ != Wait::none) {
        next = deadline_;
    } else if (working()) {
        next = busy_until_;
    } else if (!closing_) {
        next = arrivals_.next();
    }
    if (next == armed_application_) return;
    armed_application_ = next;
    if (next == Time::never()) {
        out.disarm(application_timer);
    } else {
        out.arm(application_timer, next);
    }
}

} // namespace brokersim
