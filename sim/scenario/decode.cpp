// The top level of a scenario.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <utility>

namespace brokersim {
namespace {

constexpr Key<Lesson> lesson_keys[] = {
    Keys<Lesson>::of<&Lesson::question, AsText>(
        {.name = "question", .fallback = "\"\"", .doc = "what the lesson asks"}),
    Keys<Lesson>::by<[](Report& report, const Node& node, const KeyInfo&, Lesson& out) {
        decode_texts(report, node, "a list of strings", out.watch);
    }>({.name = "watch", .type = "list of strings", .fallback = "[]", .doc = "what to look at"}),
    Keys<Lesson>::of<&Lesson::answer, AsText>(
        {.name = "answer", .fallback = "\"\"", .doc = "what the run shows"}),
    Keys<Lesson>::of<&Lesson::next, AsText>(
        {.name = "next", .fallback = "\"\"", .doc = "what to try next"}),
};

/// Reads every item of a list with `decode_item` into a draft of its own.
template <class T>
void decode_list(Report& report, const Node& node, std::string_view what, std::vector<T>& out,
                 void (*decode_item)(Report&, const Node&, T&)) {
    if (!node.is(Node::Kind::array)) {
        wrong_kind(report, node, what);
        return;
    }
    for (const Node& item : node.children) {
        T draft;
        draft.node = &item;
        decode_item(report, item, draft);
        out.push_back(std::move(draft));
    }
}

void read_format(Report& report, const Node& node, const KeyInfo& key, Draft&) {
    std::int64_t format = 0;
    if (AsInteger::read(report, node, key, format) && format != 1) {
        report.error(node, "format " + node.text + " is not known: this program reads format 1");
    }
}

void read_version(Report& report, const Node& node, const KeyInfo& key, Draft& out) {
    std::string word;
    if (AsWord::read(report, node, key, word)) { out.scenario.kafka_version = word; }
}

void read_lesson(Report& report, const Node& node, const KeyInfo&, Draft& out) {
    Lesson lesson;
    if (read_object(report, node, lesson_keys, "an object with the lesson's text", lesson)) {
        out.scenario.lesson = std::move(lesson);
    }
}

/// The keys below `scenario`, whose members are not the draft's own.
template <auto member, class As>
constexpr Key<Draft> top(KeyInfo info) {
    info.type = As::type;
    return {info, [](Report& report, const Node& node, const KeyInfo& key, Draft& out) {
                auto value = out.scenario.*member;
                if (As::read(report, node, key, value)) { out.scenario.*member = value; }
            }};
}

using K = Keys<Draft>;
constexpr Key<Draft> top_keys[] = {
    K::by<read_format>({.name = "format",
                        .type = "integer",
                        .fallback = "1",
                        .doc = "version of this format",
                        .low = 0}),
    top<&Scenario::name, AsText>(
        {.name = "name", .doc = "shown in reports; default: the file's stem"}),
    top<&Scenario::description, AsText>(
        {.name = "description", .fallback = "\"\"", .doc = "shown in reports"}),
    K::by<read_lesson>({.name = "lesson",
                        .type = "object",
                        .fallback = "null",
                        .doc = "teaching text: question, watch, answer, next"}),
    K::by<read_version>({.name = "kafka_version",
                         .type = "word",
                         .fallback = "\"4.0\"",
                         .doc = "the release whose defaults and rules hold",
                         .words = "~3.9|4.0|~4.1"}),
    top<&Scenario::seed, AsInteger>(
        {.name = "seed",
         .fallback = "1",
         .doc = "all randomness derives from it, by name of the stream"}),
    top<&Scenario::duration, AsDuration>(
        {.name = "duration", .fallback = "\"60s\"", .doc = "virtual time at which the run ends"}),
    K::later({.name = "warmup",
              .type = "duration",
              .fallback = "\"0s\"",
              .doc = "metrics and summary start here"}),
    top<&Scenario::drain, AsDuration>(
        {.name = "drain",
         .fallback = "\"0s\"",
         .doc = "the run goes on up to this long after its end, until it is quiet"}),
    top<&Scenario::heal, AsBoolean>(
        {.name = "heal",
         .fallback = "false",
         .doc = "lift all faults at the end and require that all converges; needs drain"}),
    top<&Scenario::outage_threshold, AsDuration>(
        {.name = "outage_threshold",
         .fallback = "\"1s\"",
         .doc = "shortest stall of clients that counts as unavailable",
         .low = 1}),
    K::later({.name = "cold_start",
              .type = "true or false",
              .fallback = "false",
              .doc = "the cluster has to form first"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_network(report, node, out.network);
    }>({.name = "network", .type = "object", .fallback = "{}", .doc = "latency and bandwidth"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        out.control_plane.node = &node;
        decode_control_plane(report, node, out.control_plane);
    }>({.name = "control_plane", .type = "object", .fallback = "{}", .doc = "the controllers"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        out.brokers.node = &node;
        decode_brokers(report, node, out.brokers);
    }>({.name = "brokers", .type = "object or count", .fallback = "3", .doc = "the brokers b1…bN"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of topics", out.topics, decode_topic);
    }>({.name = "topics", .type = "list", .fallback = "[]", .doc = "the topics"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of producers", out.producers, decode_producer);
    }>({.name = "producers", .type = "list", .fallback = "[]", .doc = "who writes"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of consumer groups", out.consumers, decode_consumer);
    }>({.name = "consumers", .type = "list", .fallback = "[]", .doc = "who reads"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of faults", out.faults, decode_fault);
    }>({.name = "faults", .type = "list", .fallback = "[]", .doc = "what goes wrong, and when"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of expectations", out.expect, decode_expectation);
    }>({.name = "expect", .type = "list", .fallback = "[]", .doc = "what must hold"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft&) {
        if (!node.is(Node::Kind::object)) {
            wrong_kind(report, node, "an object of JSON pointers and values");
        }
    }>({.name = "sweep",
        .type = "object",
        .fallback = "{}",
        .doc = "values to vary, by JSON pointer"}),
    K::by<[](Report& report, const Node& node, const KeyInfo& key, Draft&) {
        std::string ignored; // Merged before; kept for its own place in the table.
        AsText::read(report, node, key, ignored);
    }>({.name = "extends", .type = "path", .doc = "the file that this one changes"}),
    K::by<[](Report&, const Node&, const KeyInfo&, Draft&) {}>(
        {.name = "$schema", .type = "any", .doc = "for editors; ignored"}),
};

} // namespace

bool decode_texts(Report& report, const Node& node, std::string_view what,
                  std::vector<std::string>& out) {
    if (!node.is(Node::Kind::array)) {
        wrong_kind(report, node, what);
        return false;
    }
    bool fine = true;
    for (const Node& item : node.children) {
        std::string text;
        fine = AsText::read(report, item, {}, text) && fine;
        out.push_back(std::move(text));
    }
    return fine;
}

void decode(const Node& root, Draft& draft, Report& report) {
    draft.root = &root;
    read_object(report, root, top_keys, "a scenario: an object", draft);
}

} // namespace brokersim
