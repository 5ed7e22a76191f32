// Numbers, writes, digests and shows the facts of a run.
#include "trace/recorder.hpp"

namespace brokersim {

namespace {

constexpr std::size_t flush_bytes = 1 << 16;

} // namespace

Recorder::ModelBytes::ModelBytes() : memory_(2 * flush_bytes) {
    at_ = memory_.data();
    end_ = memory_.data() + memory_.size();
}

void Recorder::ModelBytes::refill(std::size_t bytes) {
    digest_.add({memory_.data(), static_cast<std::size_t>(at_ - memory_.data())});
    if (memory_.size() < bytes) { memory_.resize(bytes); }
    at_ = memory_.data();
    end_ = memory_.data() + memory_.size();
}

std::string Recorder::ModelBytes::fingerprint() const {
    Digest all = digest_;
    all.add({memory_.data(), static_cast<std::size_t>(at_ - memory_.data())});
    return "model:" + all.hex();
}

Recorder::Recorder(const RunInfo& info, ByteSink* out, std::vector<Observer*> observers)
    : info_(info), out_(out), observers_(std::move(observers)),
      encoder_(out != nullptr ? info : RunInfo{}) {
    FactKinds bytes_only;
    for (std::size_t k = 0; k < watchers_.size(); ++k) {
        const auto kind = static_cast<FactKind>(k);
        for (Observer* observer : observers_) {
            if (observer->wants().has(kind)) { watchers_[k].push_back(observer); }
        }
        if (level_of(kind) <= info_.level) {
            numbered_.add(kind);
        } else if (watchers_[k].empty()) {
            bytes_only.add(kind);
        }
    }
    take_bytes(model_, bytes_only);
    if (out_ == nullptr) { return; }
    write_header(text_, info_);
    failed_ = !out_->write(text_.view());
    text_.clear();
}

Cause Recorder::note(Time now, Cause tag, FactRef fact) {
    write_binary(model_, now, fact);
    return written(now, tag, fact);
}

Cause Recorder::written(Time now, Cause tag, FactRef fact) {
    now_ = now;
    // The world reports an endless instant itself.
    if (fact.kind == FactKind::violation) { ++violations_; }
    const Cause cause = number(tag, fact);
    show(cause, fact);
    if (!waiting_.empty()) { show_verdicts(); }
    return cause;
}

void Recorder::show(Cause cause, FactRef fact) {
    cause_ = cause;
    for (Observer* observer : watchers_[static_cast<std::size_t>(fact.kind)]) {
        observer->on(now_, cause, fact, *this);
    }
}

Cause Recorder::number(Cause tag, FactRef fact) {
    if (!numbered_.has(fact.kind)) { return tag; }
    ++n_;
    if (out_ != nullptr) {
        encoder_.line(text_, n_, now_, tag, fact);
        if (text_.size() >= flush_bytes) { flush(); }
    }
    return {n_};
}

void Recorder::record(FactRef verdict, Cause because) {
    const Cause cause = number(because, verdict);
    if (const Loss* loss = verdict.as<Loss>()) {
        waiting_.push_back({cause, *loss});
    } else if (const Dup* dup = verdict.as<Dup>()) {
        waiting_.push_back({cause, *dup});
    } else if (const Unavailable* window = verdict.as<Unavailable>()) {
        waiting_.push_back({cause, *window});
    } else if (const Violation* broken = verdict.as<Violation>()) {
        ++violations_;
        waiting_.push_back(
            {cause, Broken{std::string(broken->invariant), std::string(broken->text)}});
    }
}

void Recorder::show_verdicts() {
    // A verdict may lead to another one, which then joins the end of the queue.
    while (!waiting_.empty()) {
        const Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        if (const Broken* broken = std::get_if<Broken>(&next.verdict)) {
            const Violation violation{broken->invariant, broken->text};
            show(next.cause, {Violation::kind, &violation});
        } else if (const Loss* loss = std::get_if<Loss>(&next.verdict)) {
            show(next.cause, {Loss::kind, loss});
        } else if (const Dup* dup = std::get_if<Dup>(&next.verdict)) {
            show(next.cause, {Dup::kind, dup});
        } else if (const Unavailable* window = std::get_if<Unavailable>(&next.verdict)) {
            show(next.cause, {Unavailable::kind, window});
        }
    }
}

void Recorder::close(Time end) {
    now_ = end;
    for (Observer* observer : observers_) {
        cause_ = {};
        observer->at_end(end, *this);
    }
    show_verdicts();
}

void Recorder::finish(RunStatus status, const Totals& totals) {
    if (out_ == nullptr) { return; }
    flush();
    write_end(text_, {n_, now_, status, totals, digest()});
    failed_ = failed_ || !out_->write(text_.view());
    text_.clear();
}

void Recorder::flush() {
    lines_digest_.add(text_.view());
    failed_ = failed_ || !out_->write(text_.view());
    text_.clear();
}

std::string Recorder::fingerprint() const {
    return model_.fingerprint();
}

std::string Recorder::digest() const {
    Digest all = lines_digest_;
    all.add(text_.view());
    return "xxh3:" + std::string(word(info_.level)) + ":" + all.hex();
}

} // namespace brokersim
