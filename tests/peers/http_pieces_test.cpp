// Files and forms of HTTP against Python's standard library, which reads what we write, or must read a file as we do.

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <io/temporary_directory.hpp>
#include <peers/peer_test.hpp>

#include <hocket/http/auth/netrc.hpp>
#include <hocket/http/cookies/cookies_txt.hpp>
#include <hocket/http/form/multipart_form.hpp>

using namespace std::chrono;
using hocket::testing::run_peer;
using hocket::testing::temporary_directory;

namespace {

HOCKET_PEER_TEST(netrc_files, are_read_as_python_does) {
  HOCKET_NEEDS("python3");
  const std::string text =
      "# comment\nmachine a login \"b c\" password d\\ e\n  account f # x\nmachine g\nlogin h\npassword #i\n"
      "macdef init\n\tcd /pub\n\nmachine j user \"k\\\"l\" password \"\"\ndefault login m password n\n";
  const std::string program =
      "import netrc, sys\n"
      "for name, entry in netrc.netrc(sys.argv[1]).hosts.items(): print('|'.join([name.replace('default', ''), "
      "*entry]))\n";
  const temporary_directory folder;
  hocket::testing::write_file(folder / "netrc", text);
  const auto python = co_await run_peer({HOCKET_PYTHON, "-c", program, folder / "netrc"});
  EXPECT_EQ(python.status, 0) << python.err;
  std::string ours;
  for (const auto& at : hocket::http::netrc::parse(text).entries())
    ours += at.machine + "|" + at.login + "|" + at.account + "|" + at.password + "\n";
  EXPECT_EQ(ours, python.out);
}

HOCKET_PEER_TEST(cookies_files, are_read_by_python) {
  HOCKET_NEEDS("python3");
  const std::string program =
      "import http.cookiejar, sys\n"
      "jar = http.cookiejar.MozillaCookieJar(sys.argv[1])\n"
      "jar.load(ignore_expires=True)\n"
      "for c in jar: print(c.domain, c.domain_specified, c.path, c.secure, c.expires, c.name, c.value, "
      "c.has_nonstandard_attr('HTTPOnly'))\n";
  constexpr sys_seconds now{seconds{1'700'000'000}};
  hocket::http::cookie_jar jar;
  const auto from = hocket::url::parse("https://www.example.org/docs/").value();
  EXPECT_TRUE(jar.take("a=1; Max-Age=100", from, now));
  EXPECT_TRUE(jar.take("b=x y; Max-Age=200; Domain=example.org; Path=/; Secure; HttpOnly", from, now));
  const temporary_directory folder;
  co_await hocket::http::save_cookies(folder / "cookies.txt", jar, now);
  const auto python = co_await run_peer({HOCKET_PYTHON, "-c", program, folder / "cookies.txt"});
  EXPECT_EQ(python.status, 0) << python.err;
  EXPECT_NE(python.out.find("www.example.org False /docs False 1700000100 a 1 False\n"), std::string::npos)
      << python.out;
  EXPECT_NE(python.out.find(".example.org True / True 1700000200 b x y True\n"), std::string::npos) << python.out;
}

HOCKET_PEER_TEST(multipart_forms, are_read_by_python) {
  HOCKET_NEEDS("python3");
  const std::string program =
      "import email, email.policy, sys\n"
      "head = ('Content-Type: ' + sys.argv[1] + '\\r\\n\\r\\n').encode()\n"
      "for part in email.message_from_bytes(head + sys.stdin.buffer.read(), policy=email.policy.HTTP).iter_parts():\n"
      "    d = part['Content-Disposition']\n"
      "    print(d.params['name'], d.params.get('filename'), part.get_content_type(), part.get_payload(decode=True))\n";
  hocket::http::multipart_form form("----boundary");
  form.add("text", "a value\r\n--");
  form.add("file", std::string("\0\xff", 2), {.filename = "a b.bin"});
  const std::string type = form.content_type();
  const hocket::http::body content = std::move(form).content();
  const auto python = co_await run_peer({HOCKET_PYTHON, "-c", program, type}, std::string(*content.in_memory()));
  EXPECT_EQ(python.status, 0) << python.err;
  EXPECT_EQ(python.out,
            "text None text/plain b'a value\\r\\n--'\n"
            "file a b.bin application/octet-stream b'\\x00\\xff'\n");
}

}  // namespace
