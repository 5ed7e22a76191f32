// Workers and their records.
#include "client/record_work.hpp"

#include "engine/assert.hpp"

#include <algorithm>
#include <functional>

namespace brokersim {

RecordWork::RecordWork(const ConsumerGroupSpec& spec, GroupId group, MachineId self,
                       std::uint64_t seed, std::string_view name)
    : group_(group), self_(self), on_failure_(spec.on_failure), restart_after_(spec.restart_after),
      processing_(spec.processing), draws_(seed, {"processing", name}),
      workers_(static_cast<std::size_t>(std::max(spec.concurrency, 1))) {
    // A constant takes no draw.
    instant_ = spec.processing.kind == Distribution::Kind::constant &&
               processing_.draw(draws_) == Duration{};
}

void RecordWork::forget() {
    std::fill(workers_.begin(), workers_.end(), Worker{});
    busy_ = 0;
    stopping_ = crashed_ = false;
    queue_.clear();
    known_until_ = -1;
    items_.clear();
    ready_.clear();
    last_of_key_.clear();
    left_.clear();
    ok_from_ = ok_to_ = 0;
}

void RecordWork::add(const FetchedPiece& piece, const RecordMarks& marks) {
    if (workers_.size() == 1 || !piece.producer.valid()) {
        queue_.push_back(piece);
        return;
    }
    FetchedPiece one = piece;
    for (; one.from < piece.to; ++one.from, ++one.number) {
        if (one.from == piece.from || one.from >= known_until_) look_up(one, marks);
        const auto number = static_cast<std::uint32_t>(items_.size());
        items_.push_back(
            {{one.tp, one.from, one.producer, one.number, known_fails_, known_key_, one.bytes},
             no_item});
        if (known_key_ != RecordMarks::no_key) {
            const auto [last, is_first] = last_of_key_.try_emplace({one.tp, known_key_}, number);
            if (!is_first) {
                items_[last->second].next = number;
                last->second = number;
                continue;
            }
        }
        ready_.push_back(number); // Ascending: a heap as it is.
    }
    known_until_ = -1;
}

/// What is known of the first record of `piece`, and of those behind it that are like it.
void RecordWork::look_up(const FetchedPiece& piece, const RecordMarks& marks) {
    if (!piece.producer.valid()) {
        known_until_ = piece.to;
        known_fails_ = 0;
        known_key_ = RecordMarks::no_key;
        return;
    }
    const RecordMarks::Run run = marks.of(piece.producer, piece.tp, piece.number);
    known_until_ = piece.from + std::max<std::int64_t>(run.first + run.count - piece.number, 1);
    known_fails_ = run.fails;
    known_key_ = marks.key_of(piece.producer, run.key);
}

bool RecordWork::next_record(Worker& worker, const RecordMarks& marks) {
    if (queue_.empty()) return next_item(worker);
    FetchedPiece& piece = queue_.front();
    if (known_until_ <= piece.from) look_up(piece, marks);
    worker.record = {piece.tp,     piece.from, piece.producer, piece.number,
                     known_fails_, known_key_, piece.bytes};
    worker.item = no_item;
    ++piece.from;
    ++piece.number;
    if (piece.from == piece.to) {
        queue_.pop_front();
        known_until_ = -1;
    }
    return true;
}

/// The earliest record that waits for no other.
bool RecordWork::next_item(Worker& worker) {
    if (ready_.empty()) return false;
    std::pop_heap(ready_.begin(), ready_.end(), std::greater<>());
    worker.item = ready_.back();
    ready_.pop_back();
    worker.record = items_[worker.item].record;
    return true;
}

/// Where processing takes no time, all records up to the next one that may fail.
bool RecordWork::take_at_once(const RecordMarks& marks, Effects& out) {
    if (!instant_ || queue_.empty()) return false;
    FetchedPiece& piece = queue_.front();
    if (known_until_ <= piece.from) look_up(piece, marks);
    if (known_fails_ != 0) return false;
    const Offset to = std::min(piece.to, known_until_);
    if (piece.tp != ok_tp_ || piece.from != ok_to_) {
        tell(out);
        ok_tp_ = piece.tp;
        ok_from_ = piece.from;
    }
    ok_to_ = to;
    piece.number += to - piece.from;
    piece.from = to;
    if (piece.from == piece.to) {
        queue_.pop_front();
        known_until_ = -1;
    }
    return true;
}

RecordWork::State RecordWork::step(In in, DeadLetters* letters, Effects& out) {
    const RecordMarks& marks = out.contents().marks;
    for (std::size_t k = 0; k < workers_.size() && !crashed_; ++k) {
        Worker& worker = workers_[k];
        switch (worker.doing) {
        case Worker::Doing::nothing: break;
        case Worker::Doing::working:
            if (worker.until <= in.now) end_attempt(in, worker, letters, out);
            break;
        case Worker::Doing::backing_off:
            if (stopping_) {
                leave(worker);
            } else if (worker.until <= in.now) {
                attempt(in, worker, letters, out);
            }
            break;
        case Worker::Doing::publishing:
            if (const auto written = letters->take_result(static_cast<std::uint32_t>(k))) {
                end_letter(in, worker, *written, out);
            }
            break;
        }
    }
    for (Worker& worker : workers_) {
        // As long as records take no time, one worker does them all.
        while (!crashed_ && left_.empty() && worker.doing == Worker::Doing::nothing) {
            if (take_at_once(marks, out)) continue;
            if (!next_record(worker, marks)) break;
            ++busy_;
            worker.attempt = 0;
            attempt(in, worker, letters, out);
        }
    }
    tell(out);
    if (crashed_) return State::crashed;
    if (busy_ > 0) return State::working;
    if (!left_.empty()) { // What was not begun is left, too.
        for (std::size_t k = 0; k < queue_.size(); ++k)
            left_.emplace_back(queue_[k].tp, queue_[k].from);
        for (const std::uint32_t k : ready_)
            left_.emplace_back(items_[k].record.tp, items_[k].record.offset);
        queue_.clear();
        ready_.clear();
    }
    items_.clear();
    last_of_key_.clear();
    return State::done;
}

std::optional<Offset> RecordWork::left(PartitionId tp) const {
    std::optional<Offset> first;
    for (const auto& [of, offset] : left_) {
        if (of == tp && (!first || offset < *first)) first = offset;
    }
    return first;
}

/// Time from the beginning of an attempt to its end. The first one of a record may take none.
void RecordWork::attempt(In in, Worker& worker, DeadLetters* letters, Effects& out) {
    ++worker.attempt;
    const Duration time = instant_ ? Duration{} : processing_.draw(draws_);
    worker.doing = Worker::Doing::working;
    worker.until = in.now + time;
    if (time == Duration{}) end_attempt(in, worker, letters, out);
}

bool RecordWork::fails(const Record& record, RecordMarks& marks) const {
    if (record.fails == 0) return false;
    if (record.fails == RecordMarks::always) return true;
    if (marks.failures(group_, record.producer, record.tp, record.number) >= record.fails) {
        return false;
    }
    marks.count_failure(group_, record.producer, record.tp, record.number);
    return true;
}

void RecordWork::end_attempt(In in, Worker& worker, DeadLetters* letters, Effects& out) {
    if (!fails(worker.record, out.contents().marks)) {
        note(worker, Outcome::ok, out);
        return finish(worker);
    }
    const Cause cause = out.cause();
    note(worker, Outcome::failed, out);
    if (on_failure_.then == FailurePolicy::block || worker.attempt <= on_failure_.retries) {
        back_off(in, worker);
    } else {
        give_up(in, worker, letters, out);
    }
    out.because(cause);
}

void RecordWork::give_up(In, Worker& worker, DeadLetters* letters, Effects& out) {
    switch (on_failure_.then) {
    case FailurePolicy::block: return;
    case FailurePolicy::discard: note(worker, Outcome::discarded, out); return finish(worker);
    case FailurePolicy::crash: crashed_ = true; return out.crash(restart_after_);
    case FailurePolicy::dead_letter: break;
    }
    BS_ASSERT(letters != nullptr);
    worker.doing = Worker::Doing::publishing;
    letters->send({static_cast<std::uint32_t>(&worker - workers_.data()), worker.record.key,
                   worker.record.bytes, out.cause()});
}

/// A dead letter that could not be written is a failure of the attempt: the record stays, and is
/// tried again after the back-off, so that nothing gets lost.
void RecordWork::end_letter(In in, Worker& worker, bool written, Effects& out) {
    if (!written) return back_off(in, worker);
    note(worker, Outcome::dead_lettered, out);
    finish(worker);
}

void RecordWork::back_off(In in, Worker& worker) {
    worker.doing = Worker::Doing::backing_off;
    worker.until = after(in.now, on_failure_.backoff);
    if (stopping_) leave(worker);
}

/// The application ends in the middle of its attempts.
void RecordWork::leave(Worker& worker) {
    left_.emplace_back(worker.record.tp, worker.record.offset);
    worker.doing = Worker::Doing::nothing;
    --busy_;
}

void RecordWork::finish(Worker& worker) {
    worker.doing = Worker::Doing::nothing;
    --busy_;
    if (worker.item == no_item || items_[worker.item].next == no_item) return;
    ready_.push_back(items_[worker.item].next);
    std::push_heap(ready_.begin(), ready_.end(), std::greater<>());
}

/// What goes well at the first attempt, one record behind the other, is told in one piece.
void RecordWork::note(const Worker& worker, Outcome outcome, Effects& out) {
    const Record& r = worker.record;
    if (outcome == Outcome::ok && worker.attempt == 1) {
        if (r.tp != ok_tp_ || r.offset != ok_to_) {
            tell(out);
            ok_tp_ = r.tp;
            ok_from_ = r.offset;
        }
        ok_to_ = r.offset + 1;
        return;
    }
    tell(out);
    const auto attempt = static_cast<std::int32_t>(worker.attempt);
    out.note(ConsDone{group_, self_, r.tp, r.offset, attempt, outcome, {}});
}

void RecordWork::tell(Effects& out) {
    if (ok_from_ == ok_to_) return;
    out.note_aside(ConsDone{group_, self_, ok_tp_, ok_from_, 1, Outcome::ok,
                            ok_to_ == ok_from_ + 1 ? Maybe<Offset>() : Maybe<Offset>(ok_to_)});
    ok_from_ = ok_to_ = 0;
    ok_tp_ = {};
}

Time RecordWork::next_timer() const {
    Time next = Time::never();
    for (const Worker& worker : workers_) {
        const bool timed =
            worker.doing == Worker::Doing::working || worker.doing == Worker::Doing::backing_off;
        if (timed) next = std::min(next, worker.until);
    }
    return next;
}

} // namespace brokersim
