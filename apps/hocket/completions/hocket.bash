# bash completion of hocket. Installed as share/bash-completion/completions/hocket, where bash-completion finds it.

_hocket() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' word
  if [[ $current == = ]]; then  # "--out=": three words to bash, the last of them still empty
    current=''
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || { command=$word; break; }
  done
  COMPREPLY=()
  case $command:$previous in
    crawl:--out | crawl:--frontier | graph:--scratch | report:--scratch) _hocket_paths -d; return ;;
    crawl:--seeds | crawl:--cafile | crawl:--baseline | crawl:--cache | crawl:--log | crawl:--cookies | serve:--cert | serve:--key) _hocket_paths -f; return ;;
    ps:--core | ps:--exe | pstree:--core | pstree:--exe) _hocket_paths -f; return ;;
    get:-o | get:--output | get:--cafile | graph:--sitemap | graph:-o | graph:--output | report:-o | report:--output) _hocket_paths -f; return ;;
    crawl:--order) _hocket_words 'breadth depth'; return ;;
    crawl:--scope) _hocket_words 'host domain prefix any'; return ;;
    crawl:--progress | get:--progress) _hocket_words 'auto always never'; return ;;
    crawl:--format) _hocket_words 'github json junit text'; return ;;
    crawl:--elements) _hocket_words 'links all'; return ;;
    crawl:--log-format) _hocket_words 'text json'; return ;;
    crawl:--graph | graph:--format) _hocket_words 'csv dot edges graphml sqlite svg'; return ;;
    crawl:--resolver | get:--resolver) _hocket_words 'system dns'; return ;;
    crawl:--depth | crawl:--max-pages | crawl:--concurrency | crawl:--loops | crawl:--per-host | crawl:--per-address | crawl:--timeout) return ;;
    crawl:--delay | crawl:--lease | crawl:--frontier-memory | crawl:--include | crawl:--exclude | crawl:--first | crawl:--last) return ;;
    crawl:--warc-size | crawl:--stats-port | crawl:--max-per-host | crawl:--max-duplicates | crawl:--cache-age) return ;;
    crawl:--max-body | crawl:--retries | crawl:--user-agent | serve:--port | serve:--host | serve:--loops | serve:--standstill | ps:--sample | top:--interval) return ;;
    get:-X | get:--request | get:-H | get:--header | get:-d | get:--data | get:--json | get:-F | get:--form) return ;;
    get:-u | get:--user | get:--proxy | get:--timeout | get:--dns-server | crawl:--dns-server | crawl:-H | crawl:--header | crawl:-u | crawl:--user | crawl:--proxy) return ;;
    graph:--top | graph:--damping | report:--rows) return ;;
  esac
  case $command in
    '') _hocket_words 'crawl get graph patch ps pstree report serve top -h --help --version' ;;
    crawl) _hocket_words '-h --help --seeds --out --depth --max-pages --scope --concurrency --loops --per-host --per-address --timeout --max-body
      --retries --user-agent -H --header -u --user --cookies --proxy --sitemaps --allow-private --allow-downgrade --cafile --insecure --resolver --dns-server
      --delay --order --include --exclude --first --last --max-per-host --max-duplicates --ignore-robots
      --check --format --baseline --write-baseline --cache --cache-age --no-external
      --frontier --frontier-memory --lease --resume --refresh --progress --elements --check-fragments --graph --report --warc --warc-size --log --log-format --stats-port --json -q --quiet -v --verbose' ;;
    get) _hocket_words '-h --help -X --request -H --header -d --data --json -F --form -u --user --digest -L --location --compressed
      -i --include -o --output -O --remote-name -C --continue --proxy --proxy-digest --resolver --dns-server --cafile --insecure --http1 --http2 --timeout --timing
      --progress -q --quiet' ;;
    graph)
      if [[ $current == -* ]]; then
        _hocket_words '-h --help --top --sitemap --damping --scratch --format -o --output --json'
      else
        _hocket_paths -d
      fi ;;
    patch)
      if [[ $current == -* ]]; then
        _hocket_words '-h --help --force'
      else
        _hocket_paths -c
      fi ;;
    ps)
      if [[ $current == -* ]]; then
        _hocket_words '-h --help --all --core --exe --json --no-stop --sample --watch'
      else
        _hocket_words "$(ps -u "$(id -u)" -o pid= 2>/dev/null)"
      fi ;;
    pstree)
      if [[ $current == -* ]]; then
        _hocket_words '-h --help --all --core --exe --json --no-stop --watch'
      else
        _hocket_words "$(ps -u "$(id -u)" -o pid= 2>/dev/null)"
      fi ;;
    report)
      if [[ $current == -* ]]; then
        _hocket_words '-h --help -o --output --rows --no-picture --scratch'
      else
        _hocket_paths -d
      fi ;;
    serve)
      if [[ $current == -* ]]; then
        _hocket_words '-h --help --port --host --loops --standstill --hidden --http2 --cert --key --self-signed -q --quiet'
      else
        _hocket_paths -d
      fi ;;
    top)
      if [[ $current == -* ]]; then
        _hocket_words '-h --help --interval --no-stop'
      else
        _hocket_words "$(ps -u "$(id -u)" -o pid= 2>/dev/null)"
      fi ;;
  esac
}

# Both complete `current`: from the words given, or from the paths that compgen's option names.
_hocket_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
_hocket_paths() {
  compopt -o filenames 2>/dev/null  # quotes what needs it; not to be had outside of a completion
  mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}

complete -F _hocket hocket
