// Who is alive, as the controller hears of it. Kafka: BrokerHeartbeatTracker (semantics §3.3).
#pragma once

#include "brokersim/ids.hpp"
#include "brokersim/time.hpp"

#include <vector>

namespace brokersim {

/// Sessions are entries (broker, broker epoch) → last contact. In 4.0 nothing but its expiry
/// removes one: a clean stop leaves it behind, and a restart inside it is refused.
class Liveness {
public:
    explicit Liveness(Duration session) : session_(session) {}

    void touch(MachineId broker, BrokerEpoch epoch, Time now);
    /// Does the controller still believe in this incarnation?
    bool has_valid_session(MachineId broker, BrokerEpoch epoch, Time now) const;
    /// Takes one expired entry; false if there is none. Among several, the order is that of Kafka's
    /// hash table over (id, epoch), not of age.
    bool take_expired(Time now, MachineId& broker, BrokerEpoch& epoch);
    void clear() { entries_.clear(); }

private:
    struct Entry {
        MachineId broker;
        BrokerEpoch epoch = -1;
        Time contact;
    };
    Duration session_;
    std::vector<Entry> entries_;
};

} // namespace brokersim
