#!/bin/sh
# An exec plugin for tests. Its folder says what it does; $1, if given, names which credential.
folder=@FOLDER@
if ! mkdir "$folder/running.$1" 2>/dev/null; then
  echo "$1" >>"$folder/overlaps"
fi
echo "$1" >>"$folder/runs"
if [ -s "$folder/stderr" ]; then cat "$folder/stderr" >&2; fi
delay=$(cat "$folder/delay")
case $delay in 0) ;; *) sleep "$delay" ;; esac
while [ -e "$folder/gate" ] && [ ! -e "$folder/gate/open" ]; do sleep 0.02; done
code=$(cat "$folder/exit-code")
case $code in
0) ;;
*)
  rmdir "$folder/running.$1" 2>/dev/null
  exit "$code"
  ;;
esac
always=$(cat "$folder/always")
case ${always:-$KUBERNETES_EXEC_INFO} in
'') version=$(cat "$folder/untold") ;;
v1beta1 | *authentication.k8s.io/v1beta1*) version=v1beta1 ;;
*) version=v1 ;;
esac
life=$(cat "$folder/life")
case $life in
'') expiry=null ;;
*)
  at=$(($(date +%s) + life))
  expiry=\"$(date -u -d "@$at" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$at" +%Y-%m-%dT%H:%M:%SZ)\"
  ;;
esac
run=$(wc -l <"$folder/runs")
sed -e "s/@VERSION@/$version/" -e "s/@EXPIRY@/$expiry/" -e "s/@RUN@/${run##* }/" -e "s/@NAME@/$1/" "$folder/answer"
# Where nobody reads the answer any more, sed is ended, not this script.
rmdir "$folder/running.$1" 2>/dev/null
exit 0
