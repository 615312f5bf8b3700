/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/wherry-invocation.h"

/* The subcommands, in the order in which people are told of them; ends with a NULL name. */
extern const WherryCommand wherry_commands[];

/* (nullable): the row of a name. Thread: any */
const WherryCommand *wherry_commands_find (const char *name);

int wherry_command_bench (WherryInvocation *invocation);
int wherry_command_doctor (WherryInvocation *invocation);
int wherry_command_echo (WherryInvocation *invocation);
int wherry_command_forward (WherryInvocation *invocation);
int wherry_command_join (WherryInvocation *invocation);
int wherry_command_pipe (WherryInvocation *invocation);
int wherry_command_peer (WherryInvocation *invocation);
int wherry_command_receive (WherryInvocation *invocation);
int wherry_command_send (WherryInvocation *invocation);
