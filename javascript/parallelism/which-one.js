// Do one job in four ways, and ask who did it.
// Explained in docs/parallelism/which-one.md

import { fork } from "node:child_process";
import { once } from "node:events";
import {
  isMainThread,
  parentPort,
  threadId,
  Worker,
} from "node:worker_threads";

function job() {
  // Stands for your work. It says who did it.
  return { processId: process.pid, thread: threadId };
}

export async function inTask() {
  return job();
}

// JavaScript only: each sends a message, and ends by itself.
async function answer(worker) {
  const [who] = await once(worker, "message");
  return who;
}

export async function inThread() {
  return answer(new Worker(import.meta.filename));
}

export async function inProcess() {
  return answer(fork(import.meta.filename, ["as a child"]));
}

function name({ processId, thread }) {
  // Each process counts its threads from 0.
  if (processId !== process.pid) return "another process";
  return thread === threadId ? "this thread" : "another thread";
}

async function show(label, work) {
  let done = false;
  const task = work().finally(() => {
    done = true;
  });
  // Other code has a turn here. Is the job over before that?
  await null;
  const loop = done ? "waits" : "goes on";
  console.log(`${label}: ${name(await task)}, the loop ${loop}`);
}

export async function main() {
  console.log(`A call: ${name(job())}, the loop waits`);
  await show("In a task", inTask);
  await show("In a thread", inThread);
  await show("In a process", inProcess);
}

// A worker and a child run this file, too.
const isChild = process.argv[2] === "as a child";
if (import.meta.main && isMainThread && !isChild) await main();
if (import.meta.main && !isMainThread) parentPort?.postMessage(job());
if (import.meta.main && isChild) process.send?.(job());
