/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Lets this process have as many files open as the system gives it: the soft limit is often 1024,
 * for programs that use select(). For commands with many connections. Thread: main
 */
void wherry_open_files_raise (void);
