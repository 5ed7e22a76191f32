// JSON text, one member or item to a line.
#pragma once

#include "scenario/document.hpp"
#include "scenario/units.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace brokersim {

/// Writes JSON with two blanks of indentation.
class JsonWriter {
public:
    void open(char bracket) {
        begin_value();
        out_ += bracket;
        first_ = true;
        ++depth_;
    }
    void close(char bracket) {
        --depth_;
        if (!first_) { line(); }
        out_ += bracket;
        first_ = false;
    }
    /// The name of the next value.
    void key(std::string_view name) {
        separate();
        out_ += json_string(name) + ": ";
        keyed_ = true;
    }
    void json(std::string_view text) {
        begin_value();
        out_ += text;
        first_ = false;
    }
    void text(std::string_view text) { json(json_string(text)); }
    void number(std::int64_t value) { json(std::to_string(value)); }
    void boolean(bool value) { json(value ? "true" : "false"); }
    void duration(Duration d) { text(spell(d)); }

    std::string take() {
        out_ += '\n';
        return std::move(out_);
    }

private:
    void begin_value() {
        if (!keyed_) { separate(); }
        keyed_ = false;
    }
    void separate() {
        if (depth_ == 0) { return; }
        if (!first_) { out_ += ','; }
        line();
        first_ = false;
    }
    void line() {
        out_ += '\n';
        out_.append(2 * depth_, ' ');
    }

    std::string out_;
    std::size_t depth_ = 0;
    bool first_ = true;
    bool keyed_ = false;
};

} // namespace brokersim
