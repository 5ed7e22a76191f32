// Buffers that grow and are used again.
#include "trace/text_buffer.hpp"

namespace brokersim {

void TextBuffer::add_json(std::string_view text) {
    add('"');
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            add('\\');
            add(c);
        } else if (byte < 0x20 || byte == 0x7f) {
            // A name cannot break a line, nor reach a terminal as a command.
            const char escape[] = {'\\',
                                   'u',
                                   '0',
                                   '0',
                                   static_cast<char>('0' + (byte >> 4)),
                                   "0123456789abcdef"[byte & 15]};
            add(std::string_view(escape, sizeof escape));
        } else {
            add(c);
        }
    }
    add('"');
}

} // namespace brokersim
