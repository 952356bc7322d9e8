#pragma once

#include <cstddef>
#include <source_location>

#include <hocket/io/byte_stream.hpp>
#include <hocket/io/stream_reader.hpp>
#include <hocket/io/stream_writer.hpp>

namespace hocket {

// Pipes, FIFOs and terminals are byte streams: `byte_stream(io_handle(number))`. They are waited for by readiness, cancelled at once,
// and keep their flags. A terminal that is hung up gives the end, its other end std::errc::io_error; a pipe without a reader is
// std::errc::broken_pipe, never a signal.

struct pipe_ends {
  byte_stream reader;
  byte_stream writer;  // closing it, or `shutdown_send`, is the end for who reads
};

/// Throws std::system_error. pipe(2)
[[nodiscard]] pipe_ends make_pipe(std::source_location where = std::source_location::current());

/// A stream reader of something that can only be read: the reading end of a pipe, a FIFO, a terminal.
/// Counterpart: loop.connect_read_pipe with a StreamReaderProtocol.
[[nodiscard]] stream_reader connect_read_pipe(byte_stream from, std::size_t limit = default_stream_limit);

/// A stream writer to something that can only be written to. Whoever stops reading is noticed by the next write.
/// Counterpart: loop.connect_write_pipe.
[[nodiscard]] stream_writer connect_write_pipe(byte_stream to);

/// The process's standard streams, whatever they are: a terminal, pipe, socket or file (which is read and written where it
/// stands, on the loop's thread). Each call makes a stream of its own, with a descriptor of its own: closing it leaves the process's open. A reader
/// may hold bytes that another one then misses. Throw std::system_error, which names the stream, if that is closed.
[[nodiscard]] stream_reader standard_input(std::size_t limit = default_stream_limit);
/// What was written is out after `close` and `wait_closed`.
[[nodiscard]] stream_writer standard_output();
[[nodiscard]] stream_writer standard_error();

}  // namespace hocket
