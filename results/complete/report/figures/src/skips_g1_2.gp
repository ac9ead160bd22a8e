# In the folder above: gnuplot -e "load 'src/light.gp'" src/skips_g1_2.gp (after set terminal ...)
data = 'src/skips_g1_2.csv'
set style fill solid noborder
set boxwidth 0.86
set border 3
set xrange [22:40]
set xtics 0,5 format '' font ',11'
set multiplot
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.97872
set bmargin at screen 0.84752
set yrange [0:82.64999999999999]
set ytics 0,57 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 25.6' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 25.55,0 to 25.55,65.55 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.91312 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==0 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.82624
set bmargin at screen 0.69504
set yrange [0:79.75]
set ytics 0,55 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 29.8' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 29.75,0 to 29.75,63.24999999999999 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.76064 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==1 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.67376
set bmargin at screen 0.54255
set yrange [0:89.89999999999999]
set ytics 0,62 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.02, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 31.6' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 31.555,0 to 31.555,71.3 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.60816 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==2 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.52128
set bmargin at screen 0.39007
set yrange [0:120.35]
set ytics 0,83 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=2' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 29.1' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 29.09,0 to 29.09,95.44999999999999 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.45567 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==3 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.36879
set bmargin at screen 0.23759
set yrange [0:121.8]
set ytics 0,84 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=4' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 33.6' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 33.605,0 to 33.605,96.6 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.30319 center rotate by 90 font ',11' textcolor rgb ink
plot data using ($1==4 ? $2 : NaN):3 with boxes fillcolor rgb c1
set lmargin at screen 0.12381
set rmargin at screen 0.96190
set tmargin at screen 0.21631
set bmargin at screen 0.08511
set xtics format '%g'
set yrange [0:113.1]
set ytics 0,78 font ',10'
unset label
unset arrow
set label 'AdaptiveDiffusion δ=0.05, Cmax=6' at graph 0.015,0.88 left font ',11' textcolor rgb ink
set label 'mean 35.5' at graph 0.99,0.88 right font ',10' textcolor rgb muted
set arrow from 35.535,0 to 35.535,89.69999999999999 nohead linecolor rgb ink linewidth 1.2 front
set label 'samples' at screen 0.02619,0.15071 center rotate by 90 font ',11' textcolor rgb ink
set label 'skipped predictions of a sample' at screen 0.54286,0.01950 center font ',12' textcolor rgb ink
plot data using ($1==5 ? $2 : NaN):3 with boxes fillcolor rgb c1
unset multiplot
