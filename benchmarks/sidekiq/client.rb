# The client side of a measurement of Sidekiq: `ruby client.rb WHAT JSON`, as `benchmarks/client.py` does it in Python.
require "json"
require_relative "jobs"

PAUSE = 0.01
Sidekiq.configure_client { |config| config.redis = { url: ENV.fetch("REDIS_URL"), size: 10 } }
Sidekiq.default_configuration.logger.level = Logger::WARN

def timed(jobs)
  started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  yield
  { rate: jobs / (Process.clock_gettime(Process::CLOCK_MONOTONIC) - started) }
end

def enqueue(jobs:, threads:)
  NoOpJob.perform_async(0)
  timed(jobs) do
    workers = Array.new(threads) do
      Thread.new { (jobs / threads).times { |number| NoOpJob.perform_async(number) } }
    end
    workers.each(&:join)
  end
end

def fill(kind:, jobs:, argument: nil, queue: "bench")
  chosen = Object.const_get(kind).set(queue: queue)
  timed(jobs) do
    (0...jobs).each_slice(1000) do |numbers|
      chosen.perform_bulk(numbers.map { |number| [argument.nil? ? number : argument] })
    end
  end
end

def latency(path:, jobs:, queue: "bench")
  chosen = StampJob.set(queue: queue)
  jobs.times do
    size = File.size(path)
    chosen.perform_async(path, Process.clock_gettime(Process::CLOCK_REALTIME))
    sleep 0.0005 while File.size(path) == size
    sleep PAUSE
  end
  {}
end

def lateness(path:, jobs:)
  start = Process.clock_gettime(Process::CLOCK_REALTIME) + 2
  jobs.times do |number|
    due = start + 5.0 * number / jobs
    StampJob.perform_at(due, path, due)
  end
  {}
end

options = JSON.parse(ARGV.fetch(1), symbolize_names: true)
puts JSON.generate(send(ARGV.fetch(0), **options))
