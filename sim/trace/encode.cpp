#include "trace/encode.hpp"

#include <array>
#include <utility>

namespace brokersim {

namespace {

/// `,"name":` as a constant, so that a field costs one copy of known length.
struct Key {
    char text[32] = {};
    std::size_t size = 0;

    constexpr void put(std::string_view part) {
        for (const char c : part) {
            text[size++] = c;
        }
    }
    constexpr operator std::string_view() const { return {text, size}; } // NOLINT
};

template <class F, std::size_t I>
constexpr Key key_of() {
    Key key;
    key.put(",\"");
    key.put(std::get<I>(F::fields()).name);
    key.put("\":");
    return key;
}
template <class F, std::size_t I>
constexpr Key field_key = key_of<F, I>();

template <class F>
constexpr Key event_key_of() {
    Key key;
    key.put(",\"e\":\"");
    key.put(F::name);
    key.put("\"");
    return key;
}
template <class F>
constexpr Key event_key = event_key_of<F>();

template <class F>
constexpr std::size_t field_count = std::tuple_size_v<decltype(F::fields())>;

/// Spells one line.
class LineWriter {
public:
    LineWriter(TextBuffer& out, const LineEncoder& names) : out_(out), names_(names) {}

    template <class F>
    void operator()(const F& fact) {
        out_.add(event_key<F>);
        fields(fact, std::make_index_sequence<field_count<F>>());
    }

private:
    template <class F, std::size_t... I>
    void fields(const F& fact, std::index_sequence<I...>) {
        (field(field_key<F, I>, fact.*(std::get<I>(F::fields()).member)), ...);
    }
    template <class T>
    void field(std::string_view key, const T& value_) {
        out_.add(key);
        value(value_);
    }
    template <class T>
    void field(std::string_view key, const Maybe<T>& maybe) {
        if (maybe.present) { field(key, maybe.value); }
    }

    template <std::integral N>
    void value(N number) {
        out_.add_number(number);
    }
    void value(bool yes) { out_.add(yes ? std::string_view("true") : std::string_view("false")); }
    void value(Time t) { out_.add_number(t.ns); }
    void value(Duration d) { out_.add_number(d.ns); }
    void value(std::string_view text) { out_.add_json(text); }
    template <class E>
    requires std::is_enum_v<E>
    void value(E e) {
        out_.add('"');
        out_.add(word(e));
        out_.add('"');
    }
    template <class Tag>
    void value(Id<Tag> id) {
        out_.add(names_.name(id));
    }
    template <class T>
    void value(const std::optional<T>& maybe) {
        if (maybe) {
            value(*maybe);
        } else {
            out_.add("null");
        }
    }
    template <class Tag>
    void value(std::span<const Id<Tag>> ids) {
        char before = '[';
        for (const Id<Tag> id : ids) {
            out_.add(before);
            out_.add(names_.name(id));
            before = ',';
        }
        out_.add(ids.empty() ? std::string_view("[]") : std::string_view("]"));
    }
    void value(std::span<const MemberAssignment> members) {
        char before = '{';
        for (const MemberAssignment& member : members) {
            out_.add(before);
            out_.add(names_.name(member.member));
            out_.add(':');
            value(member.partitions);
            before = ',';
        }
        out_.add(members.empty() ? std::string_view("{}") : std::string_view("}"));
    }
    void value(const Phases& p) {
        out_.add('{');
        out_.add("\"undetected\":"), value(p.undetected);
        field(",\"detected\":", p.detected);
        field(",\"electing\":", p.electing);
        field(",\"propagating\":", p.propagating);
        field(",\"clients_stale\":", p.clients_stale);
        field(",\"recovering\":", p.recovering);
        field(",\"under_replicated\":", p.under_replicated);
        field(",\"catching_up\":", p.catching_up);
        out_.add('}');
    }

    TextBuffer& out_;
    const LineEncoder& names_;
};

/// Spells a fact for the fingerprint.
class BinaryWriter {
public:
    explicit BinaryWriter(BinaryBuffer& out) : out_(out) {}

    template <class F>
    void operator()(const F& fact) {
        fields(fact, std::make_index_sequence<field_count<F>>());
    }

private:
    template <class F, std::size_t... I>
    void fields(const F& fact, std::index_sequence<I...>) {
        (value(fact.*(std::get<I>(F::fields()).member)), ...);
    }

    template <std::integral N>
    void value(N number) {
        out_.add(number);
    }
    void value(Time t) { out_.add(t.ns); }
    void value(Duration d) { out_.add(d.ns); }
    void value(std::string_view text) { out_.add_text(text); }
    template <class E>
    requires std::is_enum_v<E>
    void value(E e) { out_.add(static_cast<std::uint8_t>(e)); }
    template <class Tag>
    void value(Id<Tag> id) {
        out_.add(id.value);
    }
    template <class T>
    void value(const std::optional<T>& maybe) {
        out_.add(maybe.has_value());
        if (maybe) { value(*maybe); }
    }
    template <class T>
    void value(const Maybe<T>& maybe) {
        out_.add(maybe.present);
        if (maybe.present) { value(maybe.value); }
    }
    template <class T>
    void value(std::span<const T> list) {
        out_.add(static_cast<std::uint32_t>(list.size()));
        for (const T& item : list) {
            value(item);
        }
    }
    void value(const MemberAssignment& member) {
        value(member.member);
        value(member.partitions);
    }
    void value(const Phases& p) {
        for (const Duration d :
             {p.undetected, p.detected, p.electing, p.propagating, p.clients_stale, p.recovering,
              p.under_replicated, p.catching_up}) {
            value(d);
        }
    }

    BinaryBuffer& out_;
};

template <std::size_t... I>
constexpr auto levels_of(std::index_sequence<I...>) {
    return std::array<Level, sizeof...(I)>{std::tuple_element_t<I, AllFacts>::level...};
}

} // namespace

void QuotedNames::add(std::string_view name) {
    text_.add_json(name);
    begin_.push_back(text_.size());
}

LineEncoder::LineEncoder(const RunInfo& info) {
    for (const std::string& name : info.nodes) {
        machines_.add(name);
    }
    for (const std::string& name : info.partitions) {
        partitions_.add(name);
    }
    for (const TopicInfo& topic : info.topics) {
        topics_.add(topic.name);
    }
    for (const ProducerInfo& producer : info.producers) {
        producers_.add(producer.name);
    }
    for (const GroupInfo& group : info.groups) {
        groups_.add(group.name);
    }
    for (const std::string& name : info.faults) {
        faults_.add(name);
    }
}

void LineEncoder::line(TextBuffer& out, std::uint64_t n, Time t, Cause c, FactRef fact) const {
    out.add("{\"n\":");
    out.add_number(n);
    out.add(",\"t\":");
    out.add_number(t.ns);
    out.add(",\"c\":");
    out.add_number(c.n);
    visit(fact, LineWriter(out, *this));
    out.add("}\n");
}

void write_binary(BinaryBuffer& out, Time t, FactRef fact) {
    out.add(t.ns);
    out.add(static_cast<std::uint8_t>(fact.kind));
    visit(fact, BinaryWriter(out));
}

Level level_of(FactKind kind) {
    static constexpr auto levels =
        levels_of(std::make_index_sequence<std::tuple_size_v<AllFacts>>());
    return levels[static_cast<std::size_t>(kind)];
}

} // namespace brokersim
