// The log of a partition as a table Offset | Message.
#include "inspect/describe.hpp"
#include "inspect/text_table.hpp"
#include "trace/utf8.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace brokersim {

namespace {

constexpr std::size_t message_bytes_max = 200;

struct Row {
    Offset offset = 0;
    std::string message;
};

/// The replica whose log is shown: the leader, else the one that has most.
std::optional<MachineId> shown_replica(const TracedPartition& view) {
    if (view.leader) { return view.leader; }
    std::optional<MachineId> longest;
    for (const auto& [machine, log] : view.logs) {
        if (!longest || log.end > view.logs.at(*longest).end) { longest = machine; }
    }
    return longest;
}

std::string message(const RunInfo& info, const ClusterView& view, PartitionId tp,
                    const TracedBatch& batch, Offset offset) {
    if (!batch.p) { return "-"; }
    const std::int64_t i = batch.i + (offset - batch.base);
    bool known = false;
    const std::optional<std::string> key = view.key(*batch.p, tp, i, known);
    return (key ? visible(*key, message_bytes_max) : "null") + " (" + visible(info.name(*batch.p)) +
           " #" + std::to_string(i) + ")";
}

std::vector<Row> rows_of(const RunInfo& info, const ClusterView& view, PartitionId tp,
                         const TracedReplica& log) {
    std::vector<Row> rows;
    for (const TracedBatch& batch : log.batches) {
        for (Offset offset = std::max(batch.base, log.start); offset < batch.end; ++offset) {
            if (std::ssize(rows) == log_rows_max) { return rows; }
            rows.push_back({offset, message(info, view, tp, batch, offset)});
        }
    }
    return rows;
}

/// The table without the words above and below it.
std::string table(const std::vector<Row>& rows, Offset high_watermark, bool more) {
    std::size_t offset_width = std::string_view("Offset").size();
    std::size_t message_width = std::string_view("Message").size();
    for (const Row& row : rows) {
        offset_width = std::max(offset_width, std::to_string(row.offset).size());
        message_width = std::max(message_width, columns(row.message));
    }
    const auto line = [&](const std::string& offset, const std::string& text) {
        return "| " + padded(offset, offset_width) + " | " + padded(text, message_width) + " |\n";
    };
    const std::string rule(offset_width + message_width + 7, '-');
    std::string text = rule + "\n" + line("Offset", "Message") + rule + "\n";
    bool committed = true;
    for (std::size_t k = 0; k < rows.size(); ++k) {
        if (committed && rows[k].offset >= high_watermark) {
            committed = false;
            if (k > 0) { text += rule + "\n"; } // below it: not committed yet
        }
        text += line(std::to_string(rows[k].offset), rows[k].message);
    }
    if (more) { text += line("...", "..."); }
    return text + rule + "\n";
}

/// "Committed: offsets 0 to 4 (high watermark 5); not yet committed: 5 to 6."
std::string committed_text(const TracedReplica& log) {
    const Offset hw = std::clamp(log.high_watermark, log.start, log.end);
    const auto range = [](Offset from, Offset end) {
        return from + 1 >= end
                   ? "offset " + std::to_string(from)
                   : "offsets " + std::to_string(from) + " to " + std::to_string(end - 1);
    };
    std::string text = "Committed: " + (hw > log.start ? range(log.start, hw) : "nothing") +
                       " (high watermark " + std::to_string(log.high_watermark) + ")";
    if (log.end > hw) { text += "; not yet committed: " + range(hw, log.end); }
    return text + ".\n";
}

} // namespace

std::string describe_log(const RunInfo& info, const ClusterView& view, PartitionId tp) {
    const TracedPartition* partition = view.partition(tp);
    const std::string name = visible(info.name(tp));
    if (partition == nullptr) { return "Partition " + name + " does not exist yet.\n"; }
    const std::optional<MachineId> replica = shown_replica(*partition);
    const auto found = replica ? partition->logs.find(*replica) : partition->logs.end();
    const TracedReplica log = found != partition->logs.end() ? found->second : TracedReplica{};
    std::string text = "Partition " + name;
    if (partition->leader) {
        text += ", leader " + visible(info.name(*partition->leader));
    } else {
        text += ", no leader";
        if (replica) { text += "; the log of " + visible(info.name(*replica)); }
    }
    text += ", epoch " + std::to_string(partition->epoch) + "\n";
    const std::vector<Row> rows = rows_of(info, view, tp, log);
    const bool more = !rows.empty() && rows.back().offset + 1 < log.end;
    return text + table(rows, log.high_watermark, more) + committed_text(log);
}

} // namespace brokersim
