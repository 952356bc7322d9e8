#pragma once

/// With HOCKET_CHECK_LIFETIMES defined, Clang finds coroutines that refer to what is gone before they run:
///
/// - a `coro` may refer to whatever its function was given by reference, the callable itself included, and must not outlive it;
/// - a function that returns a `coro` is a coroutine, or says that it only passes one on: HOCKET_CORO_WRAPPER;
/// - what is handed to a task lives longer than the expression that it stands in.
///
/// Off unless asked for: it makes errors of `std::function<coro<T>()>` and of every plain lambda that returns a `coro`, in the
/// standard library's headers too. It changes no code, so programs may mix files with and without it.
#if defined(HOCKET_CHECK_LIFETIMES) && defined(__clang__)
#define HOCKET_CORO_TYPE [[clang::coro_return_type, clang::coro_lifetimebound]]
/// Marks a function that returns a `coro` without being a coroutine. Its caller is checked as if it were one.
#define HOCKET_CORO_WRAPPER [[clang::coro_wrapper]]
/// The same for one whose `coro` refers to none of the arguments.
#define HOCKET_CORO_OWNING_WRAPPER [[clang::coro_wrapper, clang::coro_disable_lifetimebound]]
#if __has_cpp_attribute(clang::lifetime_capture_by)
/// Marks a parameter that is kept beyond the end of the expression that calls the function.
#define HOCKET_KEPT [[clang::lifetime_capture_by(global)]]
#else
#define HOCKET_KEPT
#endif
#else
#define HOCKET_CORO_TYPE
#define HOCKET_CORO_WRAPPER
#define HOCKET_CORO_OWNING_WRAPPER
#define HOCKET_KEPT
#endif

/// Lets `co_await f()` place the frame of `f` in that of its caller.
#if __has_cpp_attribute(clang::coro_await_elidable)
#define HOCKET_CORO_ELIDABLE [[clang::coro_await_elidable]]
#else
#define HOCKET_CORO_ELIDABLE
#endif

/// On a function that is called in passing, and seldom: it saves the registers which its caller would otherwise save each time
/// that it comes by.
#if defined(__has_cpp_attribute) && defined(__x86_64__)
#if __has_cpp_attribute(clang::preserve_most)
#define HOCKET_ASIDE [[clang::preserve_most, gnu::cold]]
#endif
#endif
#ifndef HOCKET_ASIDE
#define HOCKET_ASIDE [[gnu::cold]]
#endif
