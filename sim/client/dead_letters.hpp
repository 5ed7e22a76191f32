// The producer of a group's member: it publishes records that cannot be processed, and tells the
// application what became of each.
#pragma once

#include "brokersim/scenario.hpp"
#include "client/partitioner.hpp"
#include "client/sender.hpp"
#include "engine/random.hpp"
#include "protocol/effects.hpp"
#include "protocol/layout.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brokersim {

class DeadLetters {
public:
    struct Letter {
        std::uint32_t worker = 0; ///< who waits for it
        std::int64_t key = RecordMarks::no_key;
        std::int32_t bytes = 0; ///< of the record, as in a batch
        Cause cause;
    };

    /// `id`: what traces call this producer; `member`: the name of its machine.
    DeadLetters(ProducerId id, LayoutRef layout, const ConsumerGroupSpec& spec,
                const std::string& member, std::uint64_t seed);

    void start(Effects& out);
    /// The process is gone. The numbering of records goes on.
    void crash();

    /// send(): pass() must follow.
    void send(const Letter& letter) {
        waiting_.push_back(letter);
        stirred_ = true;
    }
    bool has_results() const { return !results_.empty(); }
    /// Whether the worker's letter is acknowledged or failed; nothing if that is open.
    std::optional<bool> take_result(std::uint32_t worker);

    // Events; pass() must follow.
    void on_message(In in, const Incoming& incoming, Effects& out);
    void on_connected(In in, ConnId conn, Effects& out);
    void on_refused(In in, ConnId conn, Effects& out);
    void on_lost(In in, ConnId conn, Effects& out);
    void on_time(In in, Effects& out);
    /// Whatever can be done now. Returns when to come again.
    Time pass(In in, Effects& out);
    void close(In in, Effects& out) { sender_.disconnect(in, out); }

private:
    enum class Wait : std::uint8_t { none, metadata, buffer };
    struct UnderWay {
        std::uint32_t worker = 0;
        std::int32_t partition = 0;
        std::int64_t number = 0;
    };

    bool begin(In in, const Letter& letter, Effects& out);
    bool append(In in, const Letter& letter, RecordShape shape, Effects& out);
    bool wait(In in, Wait what, Effects& out);
    void end_wait(Effects& out);
    void refuse(const Letter& letter, Error error, Effects& out);
    std::int32_t partition_of(const std::string* key);
    void tell(const Letter& letter, RecordShape shape, std::int32_t partition,
              const std::string* key, bool opened, Effects& out);
    void take_outcomes();

    ProducerId id_;
    LayoutRef layout_;
    TopicId topic_;
    ProducerConfig config_;
    Sender sender_;
    Stream partitioning_;
    StickyPartitioner sticky_;
    RoundRobinPartitioner round_robin_;
    std::vector<std::int64_t> next_record_; ///< by partition

    std::vector<Letter> waiting_; ///< in send()
    std::vector<UnderWay> under_way_;
    std::vector<std::pair<std::uint32_t, bool>> results_; ///< worker, written
    Wait waits_ = Wait::none;
    Time deadline_ = Time::never(); ///< of the first of `waiting_`
    bool stirred_ = false;
    Time wake_ = Time::never();
};

} // namespace brokersim
