// The replicas of b1 behind its request path: produce and fetch requests in, answers as text out.
#pragma once

#include "replica/replica_manager.hpp"
#include "support/effects_table.hpp"

#include <memory>
#include <string>
#include <vector>

namespace brokersim::test {

inline LayoutRef table_layout(std::int32_t min_isr) {
    Layout layout;
    layout.brokers = 4;
    layout.machines = 13;
    layout.partitions = 4;
    layout.topics = {{"orders", PartitionId(0), 3}, {"audit", PartitionId(3), 1}};
    layout.topics[0].config.min_insync_replicas = min_isr;
    layout.topics[1].config.max_message_bytes = 500;
    layout.topic_of = {0, 0, 0, 1};
    return std::make_shared<const Layout>(layout);
}

/// b1 leads `orders/0` … `audit/0` with the ISR b1, b2; handlers cost nothing.
class BrokerTable {
public:
    explicit BrokerTable(std::int32_t min_isr = 1, ServerConfig config = {}, DiskSpec disk = {})
        : path(config, CpuSpec{{}, 0}),
          replicas(EffectsTable::self, table_layout(min_isr), config, disk) {
        table.now = Time{} + seconds(1);
        for (std::int32_t b = 0; b < 4; ++b)
            replicas.broker(MachineId(b)) = {false, false, 5};
        for (std::int32_t k = 0; k < 4; ++k)
            apply(k, state());
        table.on_deferred = [this](const Incoming& request) {
            if (request.api == Api::produce) {
                replicas.produce(table.in(), request, path, table.out);
            } else if (request.stage == RequestPath::stored) {
                replicas.answer_read(table.in(), request, path, table.out);
            } else {
                const Time there = replicas.fetch(table.in(), request, path, table.out);
                if (there > table.now) { // As Broker::wait() does it.
                    table.out.hold();
                    table.out.defer(request.packet, there, RequestPath::stored);
                    return;
                }
            }
            path.handler_free(table.in(), table.out);
        };
        table.on_send = [this](const Packet& p) { answer_ += text(p); };
    }

    EffectsTable table;
    RequestPath path;
    ReplicaManager replicas;

    static PartitionRegistration state(std::int32_t leader = 0, std::int32_t epoch = 0,
                                       std::vector<std::int32_t> isr = {0, 1}) {
        PartitionRegistration s;
        s.leader = MachineId(leader);
        s.leader_epoch = s.partition_epoch = epoch;
        for (std::int32_t b = 0; b < 4; ++b)
            s.replicas.emplace_back(b);
        for (const std::int32_t b : isr)
            s.isr.emplace_back(b);
        return s;
    }
    void apply(std::int32_t partition, const PartitionRegistration& s) {
        table.call([&] {
            replicas.apply(table.in(), PartitionId(partition), s, table.out);
            replicas.applied(table.in(), path, table.out);
        });
    }
    Partition& partition(std::int32_t k) { return *replicas.find(PartitionId(k)); }

    struct Record {
        std::int32_t partition = 0;
        std::int32_t bytes = 100;
        std::int32_t sequence = no_sequence;
    };
    /// Returns the answers that this led to, its own and others'; empty: all are parked.
    std::string produce(ConnId conn, Acks acks, const std::vector<Record>& records) {
        table.arrive<ProduceRequest>(
            conn, 0,
            [&](ProduceRequest& request) {
                request.acks = acks;
                request.timeout = seconds(30);
                for (const Record& r : records) {
                    ProduceRequest::Part part;
                    part.tp = PartitionId(r.partition);
                    part.batch.count = 1;
                    part.batch.bytes = r.bytes;
                    if (r.sequence != no_sequence) {
                        part.batch.producer_id = 9;
                        part.batch.producer_epoch = 0;
                        part.batch.sequence = r.sequence;
                    }
                    request.parts.push_back(part);
                }
            },
            [this](const Incoming& r) { path.on_request(table.in(), r, table.out); });
        return answers();
    }
    /// Appends `count` batches to a partition without telling anybody outside.
    void write(std::int32_t partition_number, int count, std::int32_t bytes = 100) {
        if (!writer_.valid()) writer_ = table.connect(12);
        for (int k = 0; k < count; ++k) {
            produce(writer_, Acks::none, {{partition_number, bytes, no_sequence}});
        }
        answer_.clear();
    }
    template <class Fill>
    std::string fetch(ConnId conn, Fill fill) {
        table.arrive<FetchRequest>(
            conn, 0,
            [&](FetchRequest& request) {
                request.replica = {};
                request.replica_epoch = -1;
                request.max_wait = milliseconds(500);
                request.min_bytes = 1;
                request.max_bytes = 1'000'000;
                request.session_id = request.session_epoch = 0;
                fill(request);
            },
            [this](const Incoming& r) { path.on_request(table.in(), r, table.out); });
        return answers();
    }
    static FetchRequest::Part part(std::int32_t partition, Offset offset,
                                   std::int32_t max_bytes = 1'000'000) {
        return {PartitionId(partition), offset, 0, -1, max_bytes};
    }
    /// Time passes; what is due expires. The answers to that.
    std::string wait(Duration length) {
        const Time until = table.now + length;
        for (Time due = replicas.next_expiry(); due <= until; due = replicas.next_expiry()) {
            table.run_until(due);
            table.call([&] { replicas.expire(table.in(), path, table.out); });
        }
        table.run_until(until);
        return std::exchange(answer_, {});
    }
    std::string answers() {
        table.run_until(table.now);
        return std::exchange(answer_, {});
    }

private:
    std::string text(const Packet& p) {
        std::string line = table_info().name(table.network.peer(p.conn, EffectsTable::self)) + ":";
        if (p.kind == kind_of<FetchResponse>) {
            const FetchResponse& r = table.messages.body<FetchResponse>(p);
            if (r.error != Error::none) line += " " + std::string(word(r.error));
            for (const FetchResponse::Part& part : r.parts) {
                line += " " + table_info().name(part.tp);
                if (part.error != Error::none) {
                    line += " " + std::string(word(part.error));
                } else if (part.diverging_epoch >= 0) {
                    line += " diverges epoch=" + std::to_string(part.diverging_epoch) +
                            " end=" + std::to_string(part.diverging_end);
                } else {
                    line += " hw=" + std::to_string(part.high_watermark);
                    if (part.batches_end > part.batches_begin) {
                        line += " " + std::to_string(r.batches[part.batches_begin].base) + ".." +
                                std::to_string(r.batches[part.batches_end - 1].end());
                    }
                }
            }
            last_session = r.session_id;
        } else {
            for (const auto& part : table.messages.body<ProduceResponse>(p).parts) {
                line += " " + table_info().name(part.tp) + " " +
                        (part.error == Error::none ? "at " + std::to_string(part.base)
                                                   : std::string(word(part.error)));
            }
        }
        return line + "\n";
    }

    ConnId writer_;
    std::string answer_;

public:
    std::int32_t last_session = 0; ///< named in the last fetch response
};

} // namespace brokersim::test
