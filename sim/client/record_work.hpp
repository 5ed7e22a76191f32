// What the application does with the records of one poll: workers take them in order, keys kept
// apart, and a record that fails is tried again or given up (scenario format §8).
#pragma once

#include "brokersim/scenario.hpp"
#include "client/consumer_fetcher.hpp"
#include "client/dead_letters.hpp"
#include "engine/distribution.hpp"
#include "engine/random.hpp"
#include "engine/ring.hpp"
#include "protocol/content.hpp"
#include "protocol/effects.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace brokersim {

/// With several workers, records of one key in one partition stay in order, records without a key
/// are anybody's. poll() is called again when all are done.
class RecordWork {
public:
    enum class State : std::uint8_t { working, done, crashed };

    RecordWork(const ConsumerGroupSpec& spec, GroupId group, MachineId self, std::uint64_t seed,
               std::string_view name);

    /// The process is gone; its random stream goes on.
    void forget();
    void add(const FetchedPiece& piece, const RecordMarks& marks);
    /// Nobody will see what was added.
    void drop() { forget(); }
    /// Goes on with what is due. `crashed`: it has told the world so, and nothing may follow.
    State step(In in, DeadLetters* letters, Effects& out);
    /// Whoever is being tried again is given up, and what comes after it.
    void stop() { stopping_ = true; }
    /// The first of a partition's records that stop() has left; nothing if all are done.
    std::optional<Offset> left(PartitionId tp) const;
    /// When the next worker goes on by itself.
    Time next_timer() const;
    bool empty() const { return queue_.empty() && items_.empty() && busy_ == 0; }

private:
    static constexpr std::uint32_t no_item = 0xffffffff;

    struct Record {
        PartitionId tp;
        Offset offset = 0;
        ProducerId producer;
        std::int64_t number = 0;
        std::int64_t fails = 0; ///< attempts that fail; RecordMarks::always
        std::int64_t key = RecordMarks::no_key;
        std::int32_t bytes = 0;
    };
    struct Worker {
        enum class Doing : std::uint8_t { nothing, working, backing_off, publishing };
        Doing doing = Doing::nothing;
        Record record;
        std::uint32_t item = no_item; ///< of `items_`
        std::int64_t attempt = 0;
        Time until;
    };
    /// A record that may have to wait for another one of its key.
    struct Item {
        Record record;
        std::uint32_t next = no_item; ///< of its key
    };

    void look_up(const FetchedPiece& piece, const RecordMarks& marks);
    bool next_record(Worker& worker, const RecordMarks& marks);
    bool next_item(Worker& worker);
    bool take_at_once(const RecordMarks& marks, Effects& out);
    void attempt(In in, Worker& worker, DeadLetters* letters, Effects& out);
    void end_attempt(In in, Worker& worker, DeadLetters* letters, Effects& out);
    void give_up(In in, Worker& worker, DeadLetters* letters, Effects& out);
    void end_letter(In in, Worker& worker, bool written, Effects& out);
    void back_off(In in, Worker& worker);
    void leave(Worker& worker);
    void finish(Worker& worker);
    bool fails(const Record& record, RecordMarks& marks) const;
    void note(const Worker& worker, Outcome outcome, Effects& out);
    void tell(Effects& out);

    GroupId group_;
    MachineId self_;
    FailureSpec on_failure_;
    std::optional<Duration> restart_after_;
    Sampler processing_;
    Stream draws_;
    bool instant_ = false; ///< processing takes no time, ever

    std::vector<Worker> workers_;
    std::size_t busy_ = 0;
    bool stopping_ = false, crashed_ = false;
    Ring<FetchedPiece> queue_; ///< not begun, if any worker may take any record
    Offset known_until_ = -1;  ///< of the front of `queue_`: records below it are like this:
    std::int64_t known_fails_ = 0, known_key_ = RecordMarks::no_key;
    std::vector<Item> items_;          ///< not begun, if keys matter
    std::vector<std::uint32_t> ready_; ///< heap: those that wait for nobody
    std::map<std::pair<PartitionId, std::int64_t>, std::uint32_t> last_of_key_;
    std::vector<std::pair<PartitionId, Offset>> left_;
    /// Records that have gone well at this instant and are not told yet.
    PartitionId ok_tp_;
    Offset ok_from_ = 0, ok_to_ = 0;
};

} // namespace brokersim
