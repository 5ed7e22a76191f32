// Who is alive, as the controller hears of it. Kafka: BrokerHeartbeatTracker (semantics §3.3).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/release.hpp"
#include "brokersim/time.hpp"

#include <vector>

namespace brokersim {

/// Sessions are entries (broker, broker epoch) → last contact. From 4.0 on nothing but its expiry
/// removes one: a clean stop leaves it behind, and a restart inside it is refused. In 3.9 a fenced
/// broker has none.
class Liveness {
public:
    explicit Liveness(Duration session, const ReleaseRules& rules = {})
        : session_(session), rules_(rules) {}

    void touch(MachineId broker, BrokerEpoch epoch, Time now);
    /// The broker has been fenced, or its new incarnation begins so.
    void on_fenced(MachineId broker);
    /// Does the controller still believe in this incarnation?
    bool has_valid_session(MachineId broker, BrokerEpoch epoch, Time now) const;
    /// From when on an entry is to be taken; never() without any.
    Time next_expiry() const;
    /// Takes one expired entry; false if there is none. Among several, the order is that of Kafka's
    /// hash table over (id, epoch); in 3.9 that of age.
    bool take_expired(Time now, MachineId& broker, BrokerEpoch& epoch);
    void clear() { entries_.clear(); }

private:
    struct Entry {
        MachineId broker;
        BrokerEpoch epoch = -1;
        Time contact;
    };
    std::size_t find_expired(Time now) const;

    Duration session_;
    ReleaseRules rules_;
    std::vector<Entry> entries_;
};

} // namespace brokersim
