/**
 * The argument lists that scripts/compare.ts runs both binaries with.
 *
 * @module
 */

import { type ArgumentList, words } from "./lab/argument_list.ts";

const LISTING = `
-a
-l
-t
-u
-w
-M
-S
-d
-4
-6
-4 -6
-t -4
-a -t
-a -u
-a -w
-a -t -6
-x
-x -a
-0
-0 -a
--netlink
--netlink -a
--vsock -a
--xdp -a
--tipc -a
--family unix,packet
--family inet6
--family inet,inet6,unix,packet,netlink,vsock -a
-i
-a -i
-a -t -i
-a -x -i
-a -0 -i
-H
-a -H
-n -p
--state established
--state time-wait
--state close-wait,fin-wait-2
--state syn-recv
--state listen
--state closing,last-ack
--state bound-inactive
--state nosuch
--port 8080
--port 80,8000-9000
--port 70000
--port http
--pid 1
--pid 1,2,3
--pid x
--process python3
--process 'Straße'
--process 'py*'
--user root
--user 0
--user nobody
--user nosuchuser
--owners proc
--owners bpf
--owners auto
--owners proc -a
--owners bpf -a
--owners proc -x
--owners nonsense
--all-netns
--all-netns -a
--all-netns -x
--netns sockeye-other
--netns 1
--netns nosuch
--netns /run/netns/sockeye-other
--netns sockeye-other -a --json
--color always
--color always -a
--color always -a -x
--color never
--color sometimes
--json
--json -a
--json -a -i
--json -x
--json -0 --netlink --vsock -a
--json --all-netns
--json --family inet,inet6,unix,packet,netlink,vsock -a -i
--ndjson
--ndjson -a
--ndjson -a -x -0
--ndjson -i -a
--ndjson --all-netns
--json --owners proc
--json --owners bpf -a
--json --pid 1
--json --port 8080
--require-complete
--require-complete -a
-v
-v -a
-v -x
-v --owners proc
-v --all-netns
-v --port 8080
-v 'sport = 80 and dst 10.0.0.0/8'
--explain-filter 'sport = 80,443 and not process nginx'
--explain-filter 'src 10.0.0.0/8 or (state established and uid 0)'
--explain-filter 'port >= 1024 and reach loopback'
--filter 'sport = 8080'
--filter 'sport = 8080' 'family inet'
'sport = 8080'
'sport != 8080'
'sport >= 1024'
'sport < 1024 and transport tcp'
'not sport = 8080'
'! sport 8080'
'(sport = 80 or sport = 8080) and process python3'
'src 127.0.0.1'
'src 127.0.0.0/8'
'src 10.9.0.1:5432'
'src [::]:80'
'src ::'
'dst 127.0.0.1'
'state established'
'state time-wait'
'state connected'
'family unix'
'family packet'
'proto udp'
'proto udplite'
'dev lo'
'dev eth0'
'mark 37'
'mark 0x25'
'cgroup /'
'autobound'
'not autobound'
'pid 1'
'process python3'
'process *'
'process ?ython3'
'comm sh'
'exe python3*'
'user root'
'uid 0'
'uid != 0'
'owners > 1'
'owners = 0'
'owners >= 20'
'netns sockeye-other' --all-netns
'inode > 1'
'reach loopback'
'reach any'
'scope public'
'port 80,443,8080'
'sport = http'
'sport ='
'sport = abc'
'nosuch = 1'
'(sport = 80'
'sport = 80)'
'and'
'not'
'src 300.1.1.1'
'sport = 80 and'
--filter ''
--json 'owners > 1'
--json 'state time-wait'
-a --json 'sport = 8080 or dport = 8080'
sport = 8080
--bogus
-Z
--port
--json=yes
--family nosuch
--json --ndjson
--replay nosuch.rec
--replay bad.rec
--replay old.rec
--replay old.rec -a
--replay old.rec -a -i --family inet,inet6,unix,packet,netlink
--replay old.rec -a --json
--replay old.rec -a -i --json --family inet,inet6,unix,packet,netlink
--replay old.rec 'owners > 1'
--replay new.rec -a
--replay new.rec -a -i --family inet,inet6,unix,packet,netlink
--replay new.rec -a -i --json --family inet,inet6,unix,packet,netlink
--replay new.rec --ndjson -x
--replay old-netns.rec -t --all-netns
--replay new-netns.rec -t --all-netns --json
--record old.rec
--record folder/nosuch/x
`;

const OWN_COMMANDS = `
explain 8080
explain tcp/8080
explain udp:53
explain :http
explain 80
explain 22
explain 8081
explain 8082
explain 8083
explain 8088
explain 8090
explain 9100
explain 5353
explain 5432
explain 8443
explain 7000
explain 9999
explain 8080 9100
explain 127.0.0.1:8080
explain [::]:80
explain 10.9.0.1:5432
explain [::1]:8443
explain unix:/nosuch
explain @nosuch
explain '@Straße-日本'
explain pid:1
explain pid:99999
explain process:python3
explain process:nosuch
explain inode:INODE
explain inode:1
explain 8080 --json
explain 80 --json
explain 8081 --json
explain 8082 --json
explain 8083 --json
explain 9100 --json
explain 53 --json
explain 9999 --json
explain 8088 --json
explain pid:1 --json
explain inode:INODE --json
explain process:python3 --json
explain 8080 --color always
explain 8081 --color always
explain 8090 --all-netns
explain 8090 --all-netns --json
explain 8090 --netns sockeye-other
explain --bind 127.0.0.1:8080
explain --bind 0.0.0.0:8080
explain --bind 0.0.0.0:80
explain --bind [::]:8443
explain --bind 127.0.0.1:9100
explain --bind 127.0.0.1:7000
explain --bind 127.0.0.1:18080
explain --bind 192.0.2.99:80
explain --bind 127.0.0.1:8080 --json
explain --bind 127.0.0.1:18080 --json
explain --bind udp:127.0.0.1:5353
explain --bind nonsense
explain
explain nonsense:x
explain 99999
explain 8080 --bogus
8080
8081
9999
tcp/22
80 --json
doctor
doctor --json
doctor --color always
doctor --bogus
snapshot
snapshot -a
snapshot --own-netns
snapshot -a --own-netns
snapshot --require-complete
snapshot extra
diff snapshot.json other.json
diff other.json snapshot.json
diff snapshot.json snapshot.json
diff snapshot.json all.json
diff snapshot.json other.json --json
diff snapshot.json other.json --color always
diff snapshot.json
diff other.json
diff other.json --own-netns
diff other.json --json
diff empty.json snapshot.json
diff nosuch.json snapshot.json
diff
audit
audit --own-netns
audit -a
audit --json
audit --format ndjson
audit --format sarif
audit --format junit
audit --format tap
audit --format nagios
audit --format prometheus
audit --format ecs
audit --format otel
audit --format osquery
audit --format nosuch
audit --color always
audit --fail-on never
audit --fail-on critical
audit --fail-on low
audit --fail-on nosuch
audit --init
audit --init --unix
audit --init --own-netns
audit --policy policy.yaml
audit --policy policy.yaml -a
audit --policy strict.yaml
audit --policy strict.yaml -a
audit --policy strict.yaml --json
audit --policy strict.yaml --format sarif
audit --policy strict.yaml --format junit
audit --policy strict.yaml --format tap
audit --policy strict.yaml --format nagios
audit --policy strict.yaml --format prometheus
audit --policy strict.yaml --format osquery
audit --policy strict.yaml --color always
audit --policy strict.yaml --snapshot snapshot.json
audit --policy policy.yaml --snapshot snapshot.json
audit --policy policy.yaml --snapshot other.json --json
audit --policy unix.yaml
audit --policy bad.yaml
audit --policy broken.yaml
audit --policy nosuch.yaml
audit --snapshot snapshot.json
audit --snapshot all.json --json
audit --snapshot empty.json
audit --policy strict.yaml --explain x
report snapshot.json other.json
report snapshot.json other.json --json
report snapshot.json other.json --html
report snapshot.json --color always
report --format nosuch snapshot.json
report empty.json
report
kill --socket 'sport = 1' --yes
kill --socket 'sport = 1'
kill --socket 'sport ='
kill
kill --socket 'sport = 1' --netns sockeye-other --yes
completion bash
completion zsh
completion fish
completion csh
completion
list
nosuchcommand
`;

const HELP = `
-h
--help
-V
--version
explain --help
doctor --help
snapshot --help
diff --help
audit --help
report --help
kill --help
completion --help
netstat --help
netstat -V
lsof -h
lsof -v
lsof -?
lsof -F?
ss --help
ss -h
ss -V
`;

const SS = `
ss
ss -a
ss -l
ss -t
ss -ta
ss -tan
ss -tln
ss -tlnp
ss -tulpn
ss -tanp
ss -tanpe
ss -tanpo
ss -tanpei
ss -tani
ss -taniO
ss -tanm
ss -tanme
ss -tanmeio
ss -tanO
ss -tanH
ss -tanQ
ss -tanHQO
ss -taB
ss -B
ss -u
ss -ua
ss -uanp
ss -uanpe
ss -uanm
ss -w
ss -wa
ss -wanp
ss -wanpe
ss -x
ss -xa
ss -xl
ss -xap
ss -xape
ss -xapm
ss -xapO
ss -0
ss -0a
ss -0ap
ss -0ape
ss -0apeb
ss -0apm
ss -M
ss -Ma
ss -Mani
ss -S
ss -Sa
ss -d
ss -4
ss -4a
ss -6
ss -6a
ss -6an
ss -f inet
ss -f inet6 -a
ss -f unix -a
ss -f link -a
ss -f netlink
ss -f netlink -a
ss -f netlink -ap
ss -f netlink -ae
ss -f vsock -a
ss -f tipc -a
ss -f xdp -a
ss -f nosuch
ss -s
ss -sH
ss -ts
ss -e
ss -ae
ss -ap
ss -apT
ss -tapT
ss -aZ
ss -az
ss -tapZ
ss -tr
ss -tar
ss -tan --tos
ss -tan --cgroup
ss -tan --inet-sockopt
ss -tan --bpf-maps
ss -tan --bpf-map-id 99
ss -a --vsock
ss -a --xdp
ss -a --tipc
ss --tipc --tipcinfo
ss -A tcp
ss -A tcp,udp -a
ss -A all -a
ss -A inet -a
ss -A inet,!udp -a
ss -A unix_stream -a
ss -A unix_dgram,unix_seqpacket -a
ss -A packet_raw -a
ss -A packet_dgram,netlink -a
ss -A raw,mptcp -an
ss -A nosuch
ss -A
ss -N sockeye-other -tan
ss -N sockeye-other -a
ss -N nosuch -t
ss -F filter -tan
ss -F nosuch -tan
ss -tan state listening
ss -tan state established
ss -tan state time-wait
ss -tan state connected
ss -tan state synchronized
ss -tan state bucket
ss -tan state big
ss -tan state fin-wait-1
ss -tan state all
ss -tan state closed
ss -tan state bound-inactive
ss -tan state syn-recv
ss -tan state syn-sent
ss -tan exclude time-wait
ss -tan exclude listening exclude established
ss -tan state nosuch
ss -tan 'sport = :8080'
ss -tan 'sport = :http'
ss -tan 'sport > :1024 and sport < :9000'
ss -tan 'dport = :80 or sport = :80'
ss -tan 'not sport = :8080'
ss -tan '! sport = :8080'
ss -tan '( sport = :8080 or sport = :8081 ) and src 127.0.0.1'
ss -tan 'src 127.0.0.1'
ss -tan 'src 127.0.0.0/8'
ss -tan 'src 127.0.0.1:8080'
ss -tan 'dst 127.0.0.1'
ss -tan 'src [::1]'
ss -tan 'src ::1'
ss -tan 'src [::]:80'
ss -tan 'autobound'
ss -tan 'dev = lo'
ss -tan 'dev != lo'
ss -tan 'fwmark = 0x25'
ss -tan 'fwmark = 0x25/0xff'
ss -tan 'cgroup = /'
ss -tan 'sport ='
ss -tan 'nosuch = 1'
ss -tan '( sport = :80'
ss -xa 'src /nosuch'
ss -xa 'src *sockeye*'
ss -xa 'src @*'
ss -a 'src link:lo'
ss -a 'src netlink:0'
ss -a 'dst vsock:1'
ss -K 'dport = :1'
ss -tK 'sport = :1'
ss -D -
ss --bogus
ss -tan extra words
ss -tanE --bogus
`;

const NETSTAT = `
netstat
netstat -a
netstat -l
netstat -n
netstat -an
netstat -tan
netstat -tln
netstat -tulpn
netstat -tlnp
netstat -tanp
netstat -tano
netstat -tane
netstat -tanee
netstat -tanpeo
netstat -tanW
netstat -uan
netstat -uanp
netstat -uanpeo
netstat -Uan
netstat -Uanpeo
netstat -wan
netstat -wanpe
netstat -San
netstat -x
netstat -xa
netstat -xan
netstat -xanp
netstat -xl
netstat -xanpe
netstat -4 -an
netstat -6 -an
netstat -46an
netstat -A inet -an
netstat -A inet6 -an
netstat -A unix -an
netstat -A unix,inet -an
netstat -A nosuch
netstat -anp --all-owners
netstat -tlnp --all-owners
netstat -xanp --all-owners
netstat -anpeoW
netstat -tl
netstat -ta
netstat -tl --numeric-hosts
netstat -tl --numeric-ports
netstat -tle --numeric-users
netstat -anv
netstat -avn
netstat -s
netstat -st
netstat -su
netstat -sw
netstat -sn
netstat -s -6
netstat -r
netstat -i
netstat -g
netstat -M
netstat -C
netstat -F
netstat --bogus
netstat -Y
netstat --list --num
netstat --inet -an
netstat --tcp --listening --numeric
netstat extra
`;

const LSOF = `
lsof -nP -i
lsof -i
lsof -i4 -nP
lsof -i6 -nP
lsof -iTCP -nP
lsof -iUDP -nP
lsof -iudplite -nP
lsof -i TCP:8080 -nP
lsof -i :8080 -nP
lsof -ti :8080
lsof -t -i :80
lsof -i :8000-9200 -nP
lsof -i @127.0.0.1 -nP
lsof -i @127.0.0.1:8080 -nP
lsof -i @[::1] -nP
lsof -i TCP@10.9.0.1:5432 -nP
lsof -i :http
lsof -i :nosuchservice
lsof -i @nosuch.invalid -nP
lsof -i nonsense
lsof -i :99999
lsof -nP -iTCP -s TCP:LISTEN
lsof -nP -iTCP -sTCP:ESTABLISHED,CLOSE_WAIT
lsof -nP -iTCP -sTCP:^LISTEN
lsof -nP -iTCP -sTCP:NOSUCH
lsof -U
lsof -U -a -p 1
lsof -U -nP -F
lsof -p 1
lsof -p 1 -nP
lsof -a -p 1 -d fd
lsof -a -p 1 -d txt,mem
lsof -a -p 1 -d cwd,rtd
lsof -a -p 1 -d 0-2
lsof -a -p 1 -d ^mem
lsof -p 99999
lsof -p x
lsof -p ^1 -a -i -nP
lsof -g -a -i -nP
lsof -g 1
lsof -u root -a -i -nP
lsof -u ^root
lsof -u 0 -a -U
lsof -u nosuchuser
lsof -c python3 -a -i -nP
lsof -c /^py/ -a -i -nP
lsof -c /PY/i -a -i -nP
lsof -c ^python3 -a -i -nP
lsof -c nosuch
lsof -c /(/
lsof -d 3 -a -i -nP
lsof -K -a -i -nP
lsof -K i -a -i -nP
lsof +L1
lsof +L -a -i -nP
lsof +L1 -a -nP -i
lsof +d FOLDER
lsof +D FOLDER
lsof FOLDER/filter
lsof /dev/null
lsof -a -i -i :8080 -nP -R
lsof -nP -i -R
lsof -nP -i -g
lsof -nP -i -T
lsof -nP -i -T q
lsof -nP -i -T qs
lsof -nP -i -l
lsof -nP -i -s
lsof -nP -i -o
lsof -nP -i -o 3
lsof -nP -i +c 0
lsof -nP -i +c 3
lsof -nP -i +c 99
lsof -nP -i +fg
lsof -nP -i +fG
lsof -nP -i -F
lsof -nP -i -F pcfn
lsof -nP -i -F0
lsof -nP -i -F pcuRgftn0
lsof -nP -i -Fx
lsof -nP -U -E
lsof -nP -U +E
lsof -nP -i -E
lsof -nP -i -V
lsof -V -i :9999
lsof -Q -i :9999
lsof -Q -c nosuch
lsof -w -nP -i
lsof +w -nP -i
lsof -X -p 1
lsof -nP --all-netns -i
lsof -nP -i -r1c1
lsof -nP -i :9999 +r1
lsof -a
lsof --
lsof --bogus
lsof -y
lsof nosuchfile
`;

const NOBODY = [
  "-a",
  "-x",
  "-a -i",
  "--json -a",
  "--ndjson",
  "--all-netns",
  "--require-complete",
  "-v",
  "--owners bpf",
  "--owners proc",
  "'process python3'",
  "'owners = 0'",
  "explain 8080",
  "explain 8080 --json",
  "explain 9999",
  "explain pid:1",
  "explain --bind 127.0.0.1:80",
  "doctor",
  "doctor --json",
  "snapshot",
  "audit",
  "audit --init",
  "audit --policy policy.yaml",
  "audit --policy strict.yaml --json",
  "diff snapshot.json",
  "kill --socket 'sport = 8080' --yes",
  "ss -tanp",
  "ss -tanpei",
  "ss -xap",
  "ss -0ap",
  "ss -K 'sport = :1'",
  "ss -N sockeye-other -t",
  "netstat -tulpn",
  "netstat -xanp",
  "lsof -nP -i",
  "lsof -p 1",
  "lsof -U",
  "lsof -nP -u nobody",
];

const TERMINALS = [
  "-a",
  "-x",
  "-a -i",
  "--all-netns",
  "explain 8080",
  "explain 8081",
  "doctor",
  "audit",
  "diff snapshot.json other.json",
  "report snapshot.json other.json",
  "ss -tanpe",
  "ss -tani",
  "ss -xa",
  "netstat -tanp",
  "lsof -nP -i",
];

/** All argument lists; `folder` has the files that they name, `inode` is that of a socket of the scene. */
export function argumentLists(folder: string, inode: number): ArgumentList[] {
  const lines = [LISTING, OWN_COMMANDS, HELP, SS, NETSTAT, LSOF].flatMap((text) =>
    text.trim().split("\n")
  );
  const fill = (line: string) =>
    words(line).map((word) => word.replace("FOLDER", folder).replace("INODE", String(inode)));
  return [
    { args: [] },
    ...lines.map((line) => ({ args: fill(line) })),
    ...NOBODY.map((line) => ({ args: fill(line), as: "nobody" as const })),
    ...TERMINALS.flatMap((line) =>
      [80, 200].map((columns) => ({ args: fill(line), columns, env: { TERM: "xterm-256color" } }))
    ),
    ...TERMINALS.map((line) => ({ args: fill(line), pipe: true as const })),
    { args: ["audit", "--policy", "-"], stdin: "version: 1\nallow: []\n" },
    { args: ["diff", "-", "snapshot.json"], stdin: "{}" },
    { args: ["ss", "-tan", "-F", "-"], stdin: "sport = :8080\n" },
    { args: ["ss", "-tan"], env: { COLUMNS: "60" } },
    { args: ["-a"], env: { COLUMNS: "60" } },
    { args: ["-a", "--color", "auto"], env: { NO_COLOR: "1" } },
    { args: ["-a"], env: { FORCE_COLOR: "1" } },
    { args: ["-a"], env: { TZ: "America/New_York" } },
    { args: ["-x"], env: { LANG: "C", LC_ALL: "C" } },
    { args: ["netstat", "-xan"], env: { LANG: "C", LC_ALL: "C" } },
    { args: ["lsof", "-U"], env: { LANG: "C", LC_ALL: "C" } },
  ];
}
