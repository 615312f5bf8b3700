/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <glib/gi18n.h>

#include "cli/wherry-commands.h"

const WherryCommand wherry_commands[] = {
  { "peer", N_ ("0|1 [host|srflx|prflx|relay]…"),
    N_ ("Connect by copy and paste, and show each step"), "wherry peer 1 host", WHERRY_OPTIONS_ICE,
    wherry_command_peer },
  { "join", N_ ("ROOM"), N_ ("Talk with everybody in a room"), "wherry join lobby --name Ada",
    WHERRY_OPTIONS_ROOM | WHERRY_OPTIONS_JSON, wherry_command_join },
  { "pipe", N_ ("ROOM"), N_ ("Join standard input and output with another pipe in the room"),
    "wherry pipe backup < backup.tar", WHERRY_OPTIONS_ROOM, wherry_command_pipe },
  { "forward", N_ ("ROOM [[LISTEN:]PORT]"), N_ ("Carry TCP connections to a port over a room"),
    "wherry forward office 8080", WHERRY_OPTIONS_ROOM | WHERRY_OPTIONS_JSON,
    wherry_command_forward },
  { "send", N_ ("FILE…"), N_ ("Send files and folders to somebody who was told the code"),
    "wherry send holiday.jpg", WHERRY_OPTIONS_ROOM | WHERRY_OPTIONS_JSON, wherry_command_send },
  { "receive", N_ ("[DIR]"), N_ ("Receive what somebody sends with “wherry send”"),
    "wherry receive ~/Downloads", WHERRY_OPTIONS_ROOM | WHERRY_OPTIONS_JSON,
    wherry_command_receive },
  { "echo", N_ ("ROOM"), N_ ("Send everything that is said in a room back to who said it"),
    "wherry echo test", WHERRY_OPTIONS_ROOM | WHERRY_OPTIONS_JSON, wherry_command_echo },
  { "bench", N_ ("[throughput|latency|fan-out|all-to-all|joins]…"),
    N_ ("Measure how fast a relay is"), "wherry bench fan-out --receivers 10,100 --svg fan-out.svg",
    WHERRY_OPTIONS_ICE | WHERRY_OPTIONS_JSON, wherry_command_bench },
  { "doctor", N_ ("[URL|-]"), N_ ("Find out why it does not connect, and say what to do"),
    "wherry doctor https://relay.example.org/", WHERRY_OPTIONS_ROOM | WHERRY_OPTIONS_JSON,
    wherry_command_doctor },
  { NULL },
};

const WherryCommand *
wherry_commands_find (const char *name)
{
  for (const WherryCommand *command = wherry_commands; command->name != NULL; command++)
    if (g_str_equal (command->name, name))
      return command;
  return NULL;
}
