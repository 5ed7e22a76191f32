// Reads the header of a trace and what is declared later.
#include "trace/read_header.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace brokersim {

namespace {

/// A member of an object: its key and what reads its value.
struct Member {
    std::string_view key;
    std::function<bool()> read;
    bool required = true;
    bool seen = false;
};

/// Reads members up to and with `}`; the scanner stands behind `{`, or before a comma.
/// False: something is wrong; `missing` names a required key that is not there.
bool read_members(Scanner& scan, std::vector<Member>& members, std::string_view& missing) {
    bool more = !scan.take('}');
    if (more) { scan.take(','); }
    while (more) {
        std::string_view key;
        if (!scan.key(key)) { return false; }
        const auto member = std::find_if(members.begin(), members.end(),
                                         [&](const Member& m) { return m.key == key; });
        if (member == members.end()) {
            if (!scan.skip()) { return false; }
        } else {
            if (member->seen || !member->read()) {
                missing = member->key;
                return false;
            }
            member->seen = true;
        }
        more = scan.take(',');
        if (!more && !scan.take('}')) { return false; }
    }
    for (const Member& member : members) {
        if (member.required && !member.seen) {
            missing = member.key;
            return false;
        }
    }
    return true;
}

bool read_members(Scanner& scan, std::vector<Member> members) {
    std::string_view missing;
    return read_members(scan, members, missing);
}

auto into(Scanner& scan, std::string& out) {
    return [&] {
        std::string_view text;
        const bool fine = scan.text(text);
        out = text;
        return fine;
    };
}
auto into_or_null(Scanner& scan, std::string& out) {
    return [&] {
        out.clear();
        return scan.take("null") || into(scan, out)();
    };
}
auto into(Scanner& scan, bool& out) {
    return [&] { return scan.boolean(out); };
}
template <std::integral N>
auto into(Scanner& scan, N& out) {
    return [&] { return scan.number(out); };
}

bool read_names(Scanner& scan, const std::function<bool(std::string_view)>& each) {
    if (!scan.take('[')) { return false; }
    if (scan.take(']')) { return true; }
    do {
        std::string_view name;
        if (!scan.text(name) || !each(name)) { return false; }
    } while (scan.take(','));
    return scan.take(']');
}

/// `{"name":…,…}`
bool read_named(Scanner& scan, const std::function<bool(std::string_view)>& each) {
    if (!scan.take('{')) { return false; }
    if (scan.take('}')) { return true; }
    do {
        std::string_view name;
        if (!scan.key(name) || !each(name)) { return false; }
    } while (scan.take(','));
    return scan.take('}');
}

std::vector<Member> topic_members(Scanner& scan, TopicInfo& topic) {
    return {{"partitions", into(scan, topic.partitions)},
            {"rf", into(scan, topic.replication_factor)},
            {"min_isr", into(scan, topic.min_isr)},
            {"unclean", into(scan, topic.unclean)}};
}

std::vector<Member> producer_members(Scanner& scan, ProducerInfo& producer) {
    return {{"acks", into(scan, producer.acks)},
            {"idempotent", into(scan, producer.idempotent)},
            {"transactional", into(scan, producer.transactional), false}};
}

std::vector<Member> group_members(Scanner& scan, GroupInfo& group) {
    const auto topics = [&] {
        return read_names(scan, [&](std::string_view name) {
            group.topics.emplace_back(name);
            return true;
        });
    };
    return {{"protocol", into(scan, group.protocol)},
            {"assignor", into_or_null(scan, group.assignor), false},
            {"isolation", into_or_null(scan, group.isolation), false},
            {"commit", into_or_null(scan, group.commit), false},
            {"topics", topics, false}};
}

/// The members of one object of the header's `topics`, `producers` or `groups`.
template <class T>
auto read_entries(Scanner& scan, Directory& names, bool (Directory::*add)(T),
                  std::vector<Member> (*members)(Scanner&, T&)) {
    return [&scan, &names, add, members] {
        return read_named(scan, [&](std::string_view name) {
            T entry;
            entry.name = name;
            return scan.take('{') && read_members(scan, members(scan, entry)) &&
                   (names.*add)(std::move(entry));
        });
    };
}

bool read_config(Scanner& scan, RunInfo& info) {
    return read_named(scan, [&](std::string_view name) {
        std::string_view value;
        const std::string key(name);
        if (!scan.skip(value)) { return false; }
        info.config.emplace_back(key, value);
        return true;
    });
}

bool read_word(Scanner& scan, Level& out) {
    std::string_view text;
    return scan.text(text) && from_word(text, out);
}

} // namespace

std::string read_header(Scanner& scan, Directory& names) {
    RunInfo& info = names.info;
    std::string format;
    std::int64_t version = 0;
    if (!scan.take("{\"k\":\"header\"")) { return "this is no trace: the first line is no header"; }
    std::vector<Member> members = {
        {"format", into(scan, format)},
        {"v", into(scan, version)},
        {"program", into(scan, info.program), false},
        {"scenario", into(scan, info.scenario), false},
        {"scenario_digest", into(scan, info.scenario_digest), false},
        {"seed", into(scan, info.seed)},
        {"level", [&] { return read_word(scan, info.level); }},
        {"outage_threshold", into(scan, info.outage_threshold.ns)},
        {"config", [&] { return read_config(scan, info); }},
        {"nodes",
         [&] { return read_names(scan, [&](auto name) { return names.add_node(name); }); }},
        {"voters",
         [&] {
             return read_names(
                 scan, [&](auto name) { return names.find(name, info.voters.emplace_back()); });
         },
         false},
        {"topics", read_entries<TopicInfo>(scan, names, &Directory::add_topic, topic_members)},
        {"producers",
         read_entries<ProducerInfo>(scan, names, &Directory::add_producer, producer_members)},
        {"groups", read_entries<GroupInfo>(scan, names, &Directory::add_group, group_members)}};
    std::string_view key;
    if (!read_members(scan, members, key) || !scan.at_end()) {
        if (key == "v") { return "the version of the format is missing or no number"; }
        return key.empty() ? "the header is no JSON object"
                           : "the header's \"" + std::string(key) + "\" is missing or wrong";
    }
    if (format != "brokersim-trace") { return "this is no trace of brokersim: another format"; }
    if (version != 1) {
        return "version " + std::to_string(version) + " of the format; only version 1 is known";
    }
    return {};
}

bool read_newcomer(std::string_view event, Scanner& scan, Directory& names, bool& ours) {
    std::string name;
    const auto with_name = [&](std::string_view key, std::vector<Member> members) {
        members.push_back({key, into(scan, name)});
        return read_members(scan, std::move(members)) && scan.at_end();
    };
    ours = true;
    if (event == "topic.created" || event == "topic.changed") {
        TopicInfo topic;
        if (!with_name("topic", topic_members(scan, topic))) { return false; }
        TopicId known;
        topic.name = name;
        if (!names.find(name, known)) { return names.add_topic(std::move(topic)); }
        return true; // What it becomes is told to those who follow the events.
    }
    if (event == "producer.started") {
        ProducerInfo producer;
        if (!with_name("p", producer_members(scan, producer))) { return false; }
        producer.name = name;
        ProducerId known;
        return names.find(name, known) || names.add_producer(std::move(producer));
    }
    if (event == "group.created") {
        GroupInfo group;
        if (!with_name("g", group_members(scan, group))) { return false; }
        group.name = name;
        GroupId known;
        return names.find(name, known) || names.add_group(std::move(group));
    }
    ours = false;
    return true;
}

std::string read_end(Scanner& scan, EndRecord& end) {
    Totals& totals = end.totals;
    const auto read_status = [&] {
        std::string_view text;
        return scan.text(text) && from_word(text, end.status);
    };
    const auto read_totals = [&] {
        return scan.take('{') &&
               read_members(scan, {{"new", into(scan, totals.created)},
                                   {"acked", into(scan, totals.acked)},
                                   {"failed", into(scan, totals.failed)},
                                   {"pending", into(scan, totals.pending)},
                                   {"acked_lost", into(scan, totals.acked_lost)},
                                   {"duplicates", into(scan, totals.duplicates)}});
    };
    std::vector<Member> members = {{"events", into(scan, end.events)},
                                   {"t", into(scan, end.t.ns)},
                                   {"status", read_status},
                                   {"totals", read_totals},
                                   {"digest", into(scan, end.digest)}};
    std::string_view key;
    if (!scan.take("{\"k\":\"end\"") || !read_members(scan, members, key) || !scan.at_end()) {
        return key.empty() ? "the end record is no JSON object"
                           : "the end record's \"" + std::string(key) + "\" is missing or wrong";
    }
    return {};
}

} // namespace brokersim
