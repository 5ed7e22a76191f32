// A producer and three brokers of straw: they accept connections, answer metadata and producer ids,
// and keep produce requests until the test says what becomes of them. One way takes 1 ms.
#pragma once

#include "client/producer.hpp"
#include "support/actor_harness.hpp"

#include <array>
#include <string>
#include <vector>

namespace brokersim::test {

struct Topic {
    std::int32_t partitions = 3;
    Release release = Release::v4_0;
};

inline ProducerSpec shop() {
    ProducerSpec spec;
    spec.name = "shop";
    spec.rate = {1, seconds(1)};
    spec.size = 100;
    spec.partition = 0;
    return spec;
}

/// `burst` records at a time.
inline ProducerSpec every(Duration gap, std::int32_t burst = 1) {
    ProducerSpec spec = shop();
    spec.rate = {burst, gap};
    spec.burst = burst;
    return spec;
}

inline LayoutRef layout_of(Topic topic) {
    Layout layout;
    layout.rules = rules_of(topic.release);
    layout.brokers = 3;
    layout.machines = 4;
    Layout::Topic orders;
    orders.name = "orders";
    orders.first = PartitionId(0);
    orders.partitions = topic.partitions;
    layout.topics.push_back(orders);
    layout.partitions = static_cast<std::size_t>(topic.partitions);
    layout.topic_of.assign(layout.partitions, 0);
    return std::make_shared<const Layout>(std::move(layout));
}

inline RunInfo info_of(Topic topic) {
    RunInfo info;
    info.nodes = {"b1", "b2", "b3", "shop"};
    TopicInfo orders;
    orders.name = "orders";
    orders.partitions = topic.partitions;
    orders.first = PartitionId(0);
    info.topics = {orders};
    for (std::int32_t p = 0; p < topic.partitions; ++p) {
        info.partitions.push_back("orders/" + std::to_string(p));
    }
    info.producers = {{"shop", MachineId(3), "all", true, false}};
    return info;
}

class ProducerTable {
public:
    enum class Health { up, dead, silent };
    struct Produced {
        Time at;
        MachineId to;
        ConnId conn;
        ProduceRequest request;
    };
    static constexpr Duration way = milliseconds(1);
    /// With this one the first broker to be asked is b1.
    static constexpr std::uint64_t seed = 3;

    explicit ProducerTable(const ProducerSpec& spec, Topic topic = {})
        : leaders(static_cast<std::size_t>(topic.partitions), MachineId(0)),
          epochs(static_cast<std::size_t>(topic.partitions), 0),
          h(Producer(MachineId(3), ProducerId(0), layout_of(topic), spec, seed), MachineId(3),
            info_of(topic)) {
        h.on_dial = [this](ConnId conn, MachineId to) { dialled(conn, to); };
        h.on_send = [this](const ActorHarness<Producer>::Sent& sent) { sent_to(sent); };
        h.on_close = [this](ConnId conn, MachineId to) {
            ++closed;
            if (open[to.index()] == conn) { open[to.index()] = {}; }
        };
    }

    std::vector<MachineId> leaders;
    std::vector<LeaderEpoch> epochs;
    std::array<Health, 3> health{};
    std::array<ConnId, 3> open{};
    std::vector<Produced> produced;
    std::vector<Time> metadata_asked;
    std::vector<Time> dials;
    int closed = 0;
    std::int64_t next_id = 1000;
    bool answers_ids = true;
    bool answers_metadata = true;
    ActorHarness<Producer> h;

    void run_ms(std::int64_t ms) { h.run_until(Time{} + milliseconds(ms)); }

    /// Answers produce request `k`: all its partitions with `error`; arrives one way later.
    void answer(std::size_t k, Error error = Error::none, Offset base = 0,
                ProduceResponse::Part hint = {}) {
        const Produced p = produced[k];
        h.in(way, [this, p, error, base, hint] {
            if (open[p.to.index()] != p.conn) { return; }
            h.deliver<ProduceResponse>(p.conn, p.to, [&](ProduceResponse& response) {
                for (const ProduceRequest::Part& part : p.request.parts) {
                    response.parts.push_back({part.tp, error, error == Error::none ? base : -1,
                                              hint.leader, hint.leader_epoch});
                }
            });
        });
    }
    /// The process of a broker ends: its connection is reset now.
    void kill(std::size_t broker) {
        health[broker] = Health::dead;
        const ConnId conn = open[broker];
        open[broker] = {};
        if (conn.valid()) { h.lost(conn); }
    }
    /// What has been sent: `5 b1 orders/0:0+1#0`, that is time, broker, then per partition first
    /// record, count and sequence.
    std::string sends() {
        std::string text;
        for (const Produced& p : produced) {
            text += in_ms(p.at) + " b" + std::to_string(p.to.value + 1);
            for (const ProduceRequest::Part& part : p.request.parts) {
                text += " " + std::to_string(part.tp.value) + ":" +
                        std::to_string(part.batch.first) + "+" + std::to_string(part.batch.count);
                if (part.batch.has_sequence()) {
                    text += "#" + std::to_string(part.batch.sequence);
                    if (part.batch.producer_epoch > 0) {
                        text += "e" + std::to_string(part.batch.producer_epoch);
                    }
                }
            }
            text += "\n";
        }
        return text;
    }

private:
    void dialled(ConnId conn, MachineId to) {
        dials.push_back(h.now());
        if (health[to.index()] == Health::silent) { return; }
        h.in(way * 2, [this, conn, to] {
            if (health[to.index()] == Health::up) {
                open[to.index()] = conn;
                h.connected(conn);
            } else if (health[to.index()] == Health::dead) {
                h.refused(conn);
            }
        });
    }
    void sent_to(const ActorHarness<Producer>::Sent& sent) {
        const std::size_t broker = sent.to.index();
        if (sent.api == Api::metadata) { metadata_asked.push_back(h.now()); }
        if (sent.api == Api::produce) {
            produced.push_back({h.now(), sent.to, sent.conn, h.body<ProduceRequest>(sent)});
        }
        if (health[broker] != Health::up) { return; }
        const ConnId conn = sent.conn;
        const MachineId from = sent.to;
        h.in(way * 2, [this, conn, from, api = sent.api] {
            if (open[from.index()] != conn) { return; }
            switch (api) {
            case Api::api_versions:
                h.deliver<ApiVersionsResponse>(conn, from, [](ApiVersionsResponse&) {});
                break;
            case Api::metadata:
                if (answers_metadata) {
                    h.deliver<MetadataResponse>(conn, from,
                                                [this](MetadataResponse& r) { describe(r); });
                }
                break;
            case Api::init_producer_id:
                if (answers_ids) {
                    h.deliver<InitProducerIdResponse>(conn, from,
                                                      [this](InitProducerIdResponse& r) {
                                                          r.producer_id = next_id++;
                                                          r.producer_epoch = 0;
                                                      });
                }
                break;
            default: break;
            }
        });
    }
    void describe(MetadataResponse& response) {
        response.brokers = {MachineId(0), MachineId(1), MachineId(2)};
        response.topics = {TopicId(0)};
        for (std::size_t p = 0; p < leaders.size(); ++p) {
            response.partitions.push_back(
                {PartitionId(p), leaders[p], epochs[p],
                 leaders[p].valid() ? Error::none : Error::leader_not_available});
        }
    }
};

/// One record each `gap`, each in its own batch.
inline ProducerSpec singles(std::int64_t count, Duration gap = milliseconds(1)) {
    ProducerSpec spec = shop();
    spec.rate = {1, gap};
    spec.count = count;
    spec.start = Time{} + milliseconds(20);
    spec.config.linger = {};
    spec.config.batch_size = 0;
    return spec;
}

inline ProducerSpec not_idempotent(ProducerSpec spec) {
    spec.config.enable_idempotence = false;
    return spec;
}

/// Sends after the first `skip` requests.
inline std::string sends_after(ProducerTable& table, std::size_t skip) {
    table.produced.erase(table.produced.begin(), table.produced.begin() + std::ptrdiff_t(skip));
    return table.sends();
}

inline ProduceResponse::Part leader_is(std::int32_t broker, LeaderEpoch epoch) {
    ProduceResponse::Part hint;
    hint.leader = MachineId(broker);
    hint.leader_epoch = epoch;
    return hint;
}

} // namespace brokersim::test
