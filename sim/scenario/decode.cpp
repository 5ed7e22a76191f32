// The top level of a scenario.
#include "scenario/draft.hpp"
#include "scenario/keys.hpp"

#include <utility>

namespace brokersim {
namespace {

constexpr Key<Lesson> lesson_keys[] = {
    Keys<Lesson>::of<&Lesson::question, AsText>(
        {.name = "question", .fallback = "\"\"", .doc = "what the lesson asks"}),
    Keys<Lesson>::of<&Lesson::watch, AsTexts>(
        {.name = "watch", .fallback = "[]", .doc = "what to look at"}),
    Keys<Lesson>::of<&Lesson::answer, AsText>(
        {.name = "answer", .fallback = "\"\"", .doc = "what the run shows"}),
    Keys<Lesson>::of<&Lesson::next, AsText>(
        {.name = "next", .fallback = "\"\"", .doc = "what to try next"}),
};
constexpr Shape lesson_shape = shape_of<lesson_keys>("object");
constexpr Shape format_shape = simple(Shape::Kind::integer, "integer");
constexpr Shape topics_shape = list_of(topic_shape, "list of topics");
constexpr Shape producers_shape = list_of(producer_shape, "list of producers");
constexpr Shape consumers_shape = list_of(consumer_shape, "list of groups");
constexpr Shape faults_shape = list_of(fault_shape, "list of faults");
constexpr Shape expectations_shape = list_of(expectation_shape, "list of expectations");
constexpr Shape sweep_shape = map_of(AsAny::shape, "object: JSON pointer - values");

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
    if (AsWord::read(report, node, key, word)) { from_word(word, out.scenario.kafka_version); }
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
    info.shape = &As::shape;
    return {info, [](Report& report, const Node& node, const KeyInfo& key, Draft& out) {
                auto value = out.scenario.*member;
                if (As::read(report, node, key, value)) { out.scenario.*member = value; }
            }};
}

using K = Keys<Draft>;
constexpr Key<Draft> top_keys[] = {
    K::by<read_format>({.name = "format",
                        .shape = &format_shape,
                        .fallback = "1",
                        .doc = "version of this format",
                        .low = 0}),
    top<&Scenario::name, AsText>(
        {.name = "name", .doc = "shown in reports; default: the file's stem"}),
    top<&Scenario::description, AsText>(
        {.name = "description", .fallback = "\"\"", .doc = "shown in reports"}),
    K::by<read_lesson>({.name = "lesson",
                        .shape = &lesson_shape,
                        .fallback = "null",
                        .doc = "teaching text: question, watch, answer, next"}),
    K::by<read_version>({.name = "kafka_version",
                         .shape = &AsWord::shape,
                         .fallback = "\"4.0\"",
                         .doc = "the release whose defaults and rules hold",
                         .words = "3.9|4.0|4.1"}),
    top<&Scenario::seed, AsInteger>(
        {.name = "seed",
         .fallback = "1",
         .doc = "all randomness derives from it, by name of the stream"}),
    top<&Scenario::duration, AsDuration>(
        {.name = "duration", .fallback = "\"60s\"", .doc = "virtual time at which the run ends"}),
    top<&Scenario::warmup, AsDuration>(
        {.name = "warmup", .fallback = "\"0s\"", .doc = "metrics and summary start here"}),
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
    top<&Scenario::cold_start, AsBoolean>(
        {.name = "cold_start", .fallback = "false", .doc = "the cluster has to form first"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_network(report, node, out.network);
    }>({.name = "network",
        .shape = &network_shape,
        .fallback = "{}",
        .doc = "latency and bandwidth"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        out.control_plane.node = &node;
        decode_control_plane(report, node, out.control_plane);
    }>({.name = "control_plane",
        .shape = &control_plane_shape,
        .fallback = "{}",
        .doc = "the controllers"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        out.brokers.node = &node;
        decode_brokers(report, node, out.brokers);
    }>({.name = "brokers",
        .shape = &brokers_shape,
        .fallback = "3",
        .doc = "the brokers b1…bN",
        .low = 1}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of topics", out.topics, decode_topic);
    }>({.name = "topics", .shape = &topics_shape, .fallback = "[]", .doc = "the topics"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of producers", out.producers, decode_producer);
    }>({.name = "producers", .shape = &producers_shape, .fallback = "[]", .doc = "who writes"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of consumer groups", out.consumers, decode_consumer);
    }>({.name = "consumers", .shape = &consumers_shape, .fallback = "[]", .doc = "who reads"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of faults", out.faults, decode_fault);
    }>({.name = "faults",
        .shape = &faults_shape,
        .fallback = "[]",
        .doc = "what goes wrong, and when"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft& out) {
        decode_list(report, node, "a list of expectations", out.expect, decode_expectation);
    }>({.name = "expect", .shape = &expectations_shape, .fallback = "[]", .doc = "what must hold"}),
    K::by<[](Report& report, const Node& node, const KeyInfo&, Draft&) {
        if (!node.is(Node::Kind::object)) {
            wrong_kind(report, node, "an object of JSON pointers and values");
        }
    }>({.name = "sweep",
        .shape = &sweep_shape,
        .fallback = "{}",
        .doc = "values to vary, by JSON pointer"}),
    K::by<[](Report& report, const Node& node, const KeyInfo& key, Draft&) {
        std::string ignored; // Merged before; kept for its own place in the table.
        AsText::read(report, node, key, ignored);
    }>({.name = "extends", .shape = &AsText::shape, .doc = "the file that this one changes"}),
    K::by<[](Report&, const Node&, const KeyInfo&, Draft&) {}>(
        {.name = "$schema", .shape = &AsAny::shape, .doc = "for editors; ignored"}),
};

/// Decides which settings there are, also of those that stand before it in the file.
Release release_of(const Node& root) {
    Release release = Release::v4_0;
    const Node* const version = root.find("kafka_version");
    if (version != nullptr && version->is(Node::Kind::string)) {
        from_word(version->text, release);
        return release;
    }
    const Node* const plane = root.find("control_plane");
    const Node* const mode = plane == nullptr ? nullptr : plane->find("mode");
    const bool zookeeper =
        mode != nullptr && mode->is(Node::Kind::string) && mode->text == "zookeeper";
    return zookeeper ? Release::v3_9 : release; // The last release that has this mode.
}

} // namespace

constexpr Shape scenario_shape = shape_of<top_keys>("object");

void decode(const Node& root, Draft& draft, Report& report) {
    draft.root = &root;
    draft.scenario.kafka_version = release_of(root);
    report.judge_by(draft.scenario.kafka_version);
    read_object(report, root, top_keys, "a scenario: an object", draft);
}

} // namespace brokersim
