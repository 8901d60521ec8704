// For apps and shops that build with Gradle. ./test compiles and runs the same sources with the compiler alone.
plugins {
    kotlin("jvm") version "2.2.20"
    `java-library`
    `maven-publish`
}

group = "com.phygital"
version = "0.1.0"

repositories { mavenCentral() }

dependencies {
    // `suspend fun` is part of what an app sees.
    api("org.jetbrains.kotlinx:kotlinx-coroutines-core:1.10.2")
    // Carries the calls; no type of it is seen. 5.12 or newer.
    implementation("net.java.dev.jna:jna:5.17.0")
    testImplementation("junit:junit:4.13.2")
    testImplementation("org.jetbrains.kotlinx:kotlinx-serialization-json:1.9.0")
}

kotlin {
    jvmToolchain(17)
}

// What UniFFI makes of the library, and the library itself, where JNA finds it on the class path.
val generated = layout.buildDirectory.dir("generated")
val profile = providers.gradleProperty("profile").orElse("release")

val generate by tasks.registering(Exec::class) {
    description = "Builds the library, and the code of UniFFI over it, for this machine."
    workingDir = rootDir.resolve("../..")
    environment("PROFILE", profile.get())
    environment("FEATURES", providers.gradleProperty("features").getOrElse(""))
    commandLine("bindings/generate", "kotlin", generated.get().asFile.path)
    inputs.dir(rootDir.resolve("../../phygital-ffi"))
    outputs.dir(generated)
}

val platform = when (val system = System.getProperty("os.name")) {
    "Linux" -> "linux"
    "Mac OS X" -> "darwin"
    else -> error("no library of Phygital is built on $system by this file")
} + when (val machine = System.getProperty("os.arch")) {
    "amd64", "x86_64" -> "-x86-64"
    "aarch64" -> "-aarch64"
    else -> error("no library of Phygital is built for $machine by this file")
}

sourceSets {
    main { kotlin.srcDir(generate.map { generated.get().dir("com") }) }
}

tasks.processResources {
    from(generate) {
        include("libphygital_ffi.*")
        into(platform)
    }
}

tasks.test {
    useJUnit()
    systemProperty("phygital.tree", rootDir.resolve("../..").path)
}

publishing {
    publications {
        create<MavenPublication>("jvm") {
            artifactId = "phygital-jvm"
            from(components["java"])
        }
    }
}
