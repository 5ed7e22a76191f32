// Who is alive, as the controller hears of it.
#include "controller/liveness.hpp"

#include <cstdint>
#include <tuple>

namespace brokersim {

void Liveness::touch(MachineId broker, BrokerEpoch epoch, Time now) {
    for (Entry& entry : entries_) {
        if (entry.broker == broker && entry.epoch == epoch) {
            entry.contact = now;
            return;
        }
    }
    entries_.push_back({broker, epoch, now});
}

bool Liveness::has_valid_session(MachineId broker, BrokerEpoch epoch, Time now) const {
    for (const Entry& entry : entries_) {
        if (entry.broker == broker && entry.epoch == epoch) return entry.contact + session_ >= now;
    }
    return false;
}

bool Liveness::take_expired(Time now, MachineId& broker, BrokerEpoch& epoch) {
    const auto bucket = [](const Entry& entry) {
        // Kafka counts brokers from 1; 31 · (31 + id) + epoch is the hash of the entry's key.
        return static_cast<std::uint64_t>(961 + 31 * std::int64_t{entry.broker.value + 1} +
                                          entry.epoch) %
               16;
    };
    std::size_t best = entries_.size();
    for (std::size_t k = 0; k < entries_.size(); ++k) {
        if (entries_[k].contact + session_ >= now) continue;
        if (best == entries_.size() ||
            std::tuple(bucket(entries_[k]), k) < std::tuple(bucket(entries_[best]), best)) {
            best = k;
        }
    }
    if (best == entries_.size()) return false;
    broker = entries_[best].broker;
    epoch = entries_[best].epoch;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(best));
    return true;
}

} // namespace brokersim
