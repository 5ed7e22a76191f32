// Who is alive, as the controller hears of it.
#include "controller/liveness.hpp"

#include <algorithm>
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

void Liveness::on_fenced(MachineId broker) {
    if (rules_.sessions_outlive_fencing) return;
    std::erase_if(entries_, [&](const Entry& entry) { return entry.broker == broker; });
}

/// A session is valid at its last instant.
Time Liveness::next_expiry() const {
    Time first = Time::never();
    for (const Entry& entry : entries_)
        first = std::min(first, after(entry.contact, session_ + nanoseconds(1)));
    return first;
}

std::size_t Liveness::find_expired(Time now) const {
    const auto rank = [&](std::size_t k) {
        const Entry& entry = entries_[k];
        if (rules_.fences_at_session_end) return std::tuple(entry.contact.ns, k);
        // Kafka counts brokers from 1; 31 · (31 + id) + epoch is the hash of the entry's key.
        return std::tuple((961 + 31 * std::int64_t{entry.broker.value + 1} + entry.epoch) % 16, k);
    };
    std::size_t best = entries_.size();
    for (std::size_t k = 0; k < entries_.size(); ++k) {
        if (entries_[k].contact + session_ >= now) continue;
        if (best == entries_.size() || rank(k) < rank(best)) best = k;
    }
    return best;
}

bool Liveness::take_expired(Time now, MachineId& broker, BrokerEpoch& epoch) {
    const std::size_t best = find_expired(now);
    if (best == entries_.size()) return false;
    broker = entries_[best].broker;
    epoch = entries_[best].epoch;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(best));
    return true;
}

} // namespace brokersim
